"""Who may do what in PostgreSQL, and that no text of a message is ever part of a statement."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg
import pytest

import hub
from hub.errors import StoreError
from hub.message import Refused, read
from hub.report.build import build
from hub.report.question import asked
from hub.store import migrations, open_store
from hub.store.base import Written
from hub.store.migrations import roles
from hub.store.postgresql import PostgresStore
from tests.hub.postgres import Postgres
from tests.hub.support import payload, seqs, window

INGESTOR, READER = "ingestor", "reader"


def guard(database: str) -> str:
    """Make tables, roles, and a user of each role; the database's name."""
    open_store(database).close()
    with psycopg.connect(database) as connection:
        connection.execute(roles().encode())
        connection.execute(roles().encode())  # a second time changes nothing
        for user, role in ((INGESTOR, "agender_ingest"), (READER, "agender_read")):
            connection.execute(f"DROP ROLE IF EXISTS {user}".encode())
            connection.execute(f"CREATE ROLE {user} LOGIN IN ROLE {role}".encode())
    return database.rpartition("/")[2]


@pytest.fixture
def guarded(database: str) -> str:
    """An empty database with roles."""
    return guard(database)


@pytest.fixture(scope="module")
def shut(postgres: Postgres) -> str:
    """One with a window in it that nobody may touch, for many tests."""
    database = postgres.database()
    name = guard(database)
    with closing(open_store(database)) as store:
        store.write([window(0)], [], 0)
    return name


def test_the_ingestor_stores_and_sees_nothing(postgres: Postgres, guarded: str) -> None:
    """It needs no right to read: the keys are the database's own business."""
    refused = read("x", b"y")
    assert isinstance(refused, Refused)
    with closing(open_store(postgres.address(guarded, INGESTOR))) as store:
        assert store.write([window(0), window(1)], [refused], 0) == Written(2, 0)
        assert store.write([window(1), window(2)], [refused, refused], 0) == Written(1, 1)
        with pytest.raises(StoreError, match="permission denied"):
            seqs(store)
    with closing(open_store(postgres.address(guarded))) as store:
        assert seqs(store) == [0, 1, 2]


def test_the_reader_answers_every_report(postgres: Postgres, guarded: str) -> None:
    with closing(open_store(postgres.address(guarded))) as store:
        store.write([window(0), window(2, places={"line_a_in": 4})], [], 0)
    question = asked("day", "device", ("2026-01-01", None), ("shop", None), date(2026, 1, 2))
    with closing(open_store(postgres.address(guarded, READER), reading=True)) as store:
        report = build(store, question)
    assert [(row.figures["people"], row.missing) for row in report.rows] == [(6, 1)]
    assert report.places == {"line_a_in": 4}


def test_who_could_read_the_views_can_after_an_upgrade(
    postgres: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view that is made anew keeps whom it was granted to: no roles have to be made again."""
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "STEPS", migrations.STEPS[:3])
        name = guard(database)
    open_store(database).close()
    with closing(open_store(postgres.address(name, INGESTOR))) as store:
        assert store.write([window(0), window(2)], [], 0) == Written(2, 0)
    question = asked("day", "device", ("2026-01-01", None), (None, None), date(2026, 1, 2))
    with closing(open_store(postgres.address(name, READER), reading=True)) as store:
        assert [row.missing for row in build(store, question).rows] == [1]


TABLES = ("windows", "window_keys", "numberings", "refused", "windows_2026_01", "windows_other")


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        *((READER, f"SELECT * FROM agender.{table}") for table in TABLES),
        *((INGESTOR, f"SELECT * FROM agender.{table}") for table in (*TABLES, "told_windows")),
        *((READER, f"DELETE FROM agender.{table}") for table in TABLES),
        *((INGESTOR, f"DELETE FROM agender.{table}") for table in TABLES),
        (INGESTOR, "UPDATE agender.windows SET people = 0"),
        (INGESTOR, "INSERT INTO agender.window_keys (site) VALUES ('a')"),
        (INGESTOR, "INSERT INTO agender.windows_other (site) VALUES ('a')"),
        (INGESTOR, "TRUNCATE agender.windows"),
        (INGESTOR, "CREATE TABLE agender.mine (id integer)"),
        (READER, "INSERT INTO agender.refused VALUES ('', 0, '', '', 0, '')"),
        (READER, "INSERT INTO agender.told_windows (site) VALUES ('a')"),
        (READER, "SELECT agender.ensure_month('2026-05-01')"),
        (READER, "CREATE TABLE agender.mine (id integer)"),
    ],
)  # fmt: skip
def test_nobody_may_do_more_than_the_role_says(
    postgres: Postgres, shut: str, user: str, statement: str
) -> None:
    with (
        psycopg.connect(postgres.address(shut, user)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_who_may_not_make_tables_is_told_who_must(postgres: Postgres, guarded: str) -> None:
    with psycopg.connect(postgres.address(guarded)) as connection:
        connection.execute("DELETE FROM agender.schema_version WHERE version > 1")
    with pytest.raises(StoreError, match="as their owner, run `agender-hub migrate`"):
        PostgresStore(postgres.address(guarded, INGESTOR))


NASTY = "a'; DROP TABLE agender.windows; --"


def test_sql_in_a_message_is_a_text_like_any_other(database: str) -> None:
    found = [
        read(f"agender/v2/{NASTY}/door/counts", payload()),
        read(
            "agender/v2/shop/door/counts", payload(model="x").replace(b'"x"', f'"{NASTY}"'.encode())
        ),
    ]
    with closing(open_store(database)) as store:
        store.write([window(0)], [one for one in found if isinstance(one, Refused)], 0)
        question = asked("day", "device", (None, None), (NASTY, NASTY), date(2026, 1, 2))
        assert build(store, question).rows == []
        rows = store.ask("SELECT topic, reason FROM refused ORDER BY topic", {})
        assert [row["topic"] for row in rows] == [
            f"agender/v2/{NASTY}/door/counts", "agender/v2/shop/door/counts"
        ]  # fmt: skip
        assert seqs(store) == [0]


RUNS = ("execute", "executemany", "executescript", "copy", "ask")


def _statements() -> Iterator[tuple[str, ast.expr]]:
    """What is handed to a database anywhere in the hub: where, and the expression."""
    for file in sorted(Path(hub.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if calls and node.func.attr in RUNS:
                yield f"{file.name}:{node.lineno}", node.args[0]


def test_every_statement_is_a_constant_of_the_program() -> None:
    """Values go beside it, so that SQL can't be injected; the steps of a migration are files."""
    found = list(_statements())
    assert len(found) > 15
    files = {"step.text('postgresql').encode()", "statement"}
    parameter = {"query", "_NAMED.sub('%(\\\\1)s', query)"}
    for place, expression in found:
        text = ast.unparse(expression)
        constant = isinstance(expression, ast.Constant) or text.strip("_").split("[")[0].isupper()
        assert constant or text in files | parameter, f"{place}: {text}"
