"""The command `agender-hub`: help, one sentence for what goes wrong, exit statuses."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from hub import cli, flags
from hub.errors import StoreError, UsageError
from hub.ingest.settings import CREDENTIALS, Settings
from hub.store import open_store
from tests.hub.support import Hub, Sender, agender_hub
from tests.publish.support import Broker, wait_for


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "verb", ["run", "report", "occupancy", "alarms", "group", "migrate", "roles"]
)
def test_every_verb_has_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb, "--help") == 0
    told = capsys.readouterr().out
    assert f"\n  agender-hub {verb}" in told.partition("examples:")[2]


TEXTS = (cli.TOP, cli.RUN, cli.REPORT, cli.OCCUPANCY, cli.ALARMS, cli.GROUP, cli.MIGRATE, cli.ROLES)
EXAMPLES = [
    line.strip()
    for text in TEXTS
    for line in text.splitlines()
    if line.startswith("  agender-hub ")
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_command_line_that_is_taken(example: str) -> None:
    command = re.split("[|>]", example)[0]
    assert cli.parser().parse_args(shlex.split(command)[1:]).verb


def test_help_tells_the_defaults_and_no_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(flags.STORE_VARIABLE, "postgresql://me:secret@db/x")
    run("run", "--help")
    told = " ".join(capsys.readouterr().out.split())
    for expected in (
        "(default: localhost)",
        "(default: localhost)",
        "(default: 500)",
        "hub.sqlite3",
    ):
        assert expected in told
    assert "me:secret" not in told
    assert "(default: None)" not in told


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (("report", "--store", "{}/none"), 4, "none: there is no store; start `agender-hub run`"),
        (("report", "--from", "soon"), 2, "--from soon: expected a date such as 2026-03-07"),
        (("report", "--to", "9999-12-31"), 2, "--to 9999-12-31: expected a date from 1900-01-01"),
        (("report", "--from", "0001-01-01", "--before", "year"), 2, "to 9999-11-30"),
        (("occupancy", "--site", "a", "--to", "9999-12-31"), 2, "to 9999-11-30"),
        (("alarms", "--day", "0001-01-01"), 2, "to 9999-11-30"),
        (("report", "--group", "a"), 2, "--group names one group of --per group"),
        (("report", "--per", "group", "--site", "a"), 2, "leave out --site and --device"),
        (("report", "--parquet", "a", "--csv"), 2, "not allowed with argument"),
        (("occupancy",), 2, "whose entrances? name a --site, or a --group of devices"),
        (("alarms", "--day", "soon"), 2, "soon: expected a date such as 2026-03-07"),
        (("group", "a", "b/c", "--store", "{}/none"), 4, "none: there is no store"),
        (("group", "north"), 2, "name the group's devices, all of them, or --remove it"),
        (("group", "north", "door"), 2, "door: a device is named SITE/DEVICE, as shop/door"),
        (("report", "--store", "postgresql://me:secret@db/x"), 2, "`ps` shows a password"),
        (("report", "--store", "postgresql://db/x?password=secret"), 2, "`ps` shows a password"),
        (("run", "--prefix", "a/#"), 2, "--prefix a/#: one level of a topic"),
        (("run", "--cert", "mine.pem"), 2, "--cert and --key go together"),
        (("run", "--store", "{}", "--broker", "127.0.0.1:1"), 4, "unable to open database file"),
        (("run", "--store", "{}/h", "--username", "a", "--password-file", "{}/none"), 2, "No such"),
        (("run", "--store", "{}/h", "--ca", "{}/none"), 2, "--ca, --cert or --key can't be used"),
        (("migrate", "--store", "postgresql://127.0.0.1:1/x"), 4, "postgresql://127.0.0.1:1/x: "),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int,
    expected: str,
) -> None:  # fmt: skip
    """And never a password in it."""
    assert run(*(text.format(tmp_path) for text in arguments)) == status
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("agender-hub")]
    assert len(told) == 1
    assert expected in told[0]
    assert "secret" not in told[0]


def test_a_port_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--broker", "hub:70000") == 2
    assert "70000 is not from 1 to 65535" in capsys.readouterr().err


def test_the_store_stands_in_the_environment_with_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "postgresql://me:secret@db/x"
    monkeypatch.setenv(flags.STORE_VARIABLE, address)
    assert flags.store(cli.parser().parse_args(["report"])) == address
    with pytest.raises(UsageError):
        flags.store(cli.parser().parse_args(["report", "--store", f"{address}2"]))


def test_a_service_keeps_its_store_in_its_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/agender-hub")
    assert flags.default_file() == "/var/lib/agender-hub/hub.sqlite3"


def test_without_psycopg_the_embedded_store_works_and_the_other_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "hub.store.postgresql", raising=False)
    open_store(str(tmp_path / "hub.sqlite3")).close()
    with pytest.raises(StoreError, match=r"pip install 'agender-edge\[hub\]'"):
        open_store("postgresql://localhost/x")


def test_a_newcomer_needs_two_commands(tmp_path: Path, broker: Broker) -> None:
    """A hub at a broker, and the report of what came."""
    store = str(tmp_path / "state" / "hub.sqlite3")
    hub = Hub(tmp_path, broker.port, store).listens()
    sender = Sender(broker.port)
    sender.windows(range(3))
    days = ("--from", "2026-01-01", "--to", "2026-01-01")
    wait_for(
        lambda: " 9 " in agender_hub("report", "--store", store, *days).stdout, 20, "nine people"
    )
    done = agender_hub("report", "--store", store, *days, "--csv")
    assert done.stdout.splitlines()[1].startswith("2026-01-01,shop,door,0,3,0,")
    sender.close()
    assert hub.end() == 0


def test_the_password_that_is_encrypted_on_the_disk_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of systemd's two credentials; a file that is named comes before both."""
    monkeypatch.delenv(CREDENTIALS, raising=False)
    assert Settings().password() is None
    monkeypatch.setenv(CREDENTIALS, str(tmp_path))
    assert Settings().password() is None
    for name, word in (("mqtt-password", "plain"), ("sealed-mqtt-password", "sealed")):
        (tmp_path / name).write_text(f"{word}\n")
        assert Settings().password() == word
    (tmp_path / "own").write_text("own")
    assert Settings(password_file=tmp_path / "own").password() == "own"
