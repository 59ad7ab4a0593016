"""The Grafana dashboard on the views: every panel's SQL is run, by a user who may read views."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from hub.store import open_store
from hub.store.migrations import roles
from tests.hub.postgres import Postgres
from tests.hub.support import window
from tests.hub.windows import UNTOLD

FILE = Path(__file__).parents[2] / "docs/integrations/grafana-hub-dashboard.json"
DASHBOARD = json.loads(FILE.read_text(encoding="utf-8"))
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}


def as_grafana(sql: str, sites: str = "'shop'") -> bytes:
    """The SQL with Grafana's macros and variables filled in, as its data source does."""
    return (
        sql.replace("$__timeFrom()", "CAST('2026-01-01T00:00:00Z' AS timestamptz)")
        .replace("$__timeTo()", "CAST('2026-01-01T23:59:59Z' AS timestamptz)")
        .replace("${site:sqlstring}", sites)
        .encode()
    )


@pytest.fixture
def reader(postgres: Postgres, database: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """Three windows, of which one tells no more than its 2 people, one lost and one missing."""
    with closing(open_store(database)) as store:
        store.write(
            [window(0), window(1), window(2, people=2, **UNTOLD), window(5, lost=True)], [], 0
        )
        store.write([window(0, site="other")], [], 0)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(roles().encode())
        connection.execute("DROP ROLE IF EXISTS grafana")
        connection.execute("CREATE ROLE grafana LOGIN IN ROLE agender_read")
    address = postgres.address(database.rpartition("/")[2], "grafana")
    with psycopg.connect(address, row_factory=dict_row) as connection:
        yield connection


@pytest.mark.parametrize("title", PANELS)
def test_every_panel_asks_what_the_database_can_answer(
    reader: psycopg.Connection[dict[str, Any]], title: str
) -> None:
    (target,) = PANELS[title]["targets"]
    answer = reader.execute(as_grafana(target["rawSql"])).fetchall()
    if title != "Messages that were no window":
        assert answer
    if target["format"] == "time_series":
        assert all({"time", "metric", "value"} == row.keys() for row in answer)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("People", [{"people": 8, "women": 2, "men": 2, "unknown": 2, "untold": 2}]),
        ("Not had", [{"lost": 1, "missing": 2, "wrong clock": 0}]),
    ],
)
def test_a_panel_tells_what_a_hand_count_does(
    reader: psycopg.Connection[dict[str, Any]], title: str, expected: list[dict[str, int]]
) -> None:
    assert reader.execute(as_grafana(PANELS[title]["targets"][0]["rawSql"])).fetchall() == expected


def test_the_sites_to_choose_from_are_those_there_are(
    reader: psycopg.Connection[dict[str, Any]],
) -> None:
    (site,) = [one for one in DASHBOARD["templating"]["list"] if one["name"] == "site"]
    assert [row["site"] for row in reader.execute(site["query"].encode())] == ["other", "shop"]


def test_every_panel_says_what_it_shows() -> None:
    assert all(panel["description"].endswith(".") for panel in PANELS.values())
    assert len({panel["id"] for panel in PANELS.values()}) == len(PANELS)
