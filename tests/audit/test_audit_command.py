"""The command `audit`: its forms, its files, and what it refuses."""

from __future__ import annotations

import csv
import io
import json

import pytest

from edge.cli import main
from edge.history.history import FILE_NAME
from edge.tally import file
from tests.audit.hours import missed
from tests.audit.support import names_in, recorded


def command(tmp_path, capsys, *flags):
    """The command's status and what it wrote."""
    with pytest.raises(SystemExit) as ended:
        main(["audit", *map(str, flags)])
    return ended.value.code, capsys.readouterr()


@pytest.fixture
def files(tmp_path):
    """A tally and a recording."""
    tallied, windows = missed(0.2)
    file.write(tmp_path / "tally.json", tallied)
    (tmp_path / "counts.jsonl").write_bytes(b"".join(recorded(windows)))
    return tmp_path / "tally.json", "--counts", tmp_path / "counts.jsonl"


def test_the_forms_tell_the_same(tmp_path, files, capsys):
    """Text, JSON and CSV, to standard output or a file; whatever the verdict, the status is 0."""
    status, written = command(tmp_path, capsys, *files)
    assert (status, written.err) == (0, "")
    _, as_object = command(tmp_path, capsys, *files, "--json")
    told = json.loads(as_object.out)
    assert told["verdict"] == "fails" and told["margin"] == 0.05
    people = told["quantities"][0]
    assert f"{100 * people['bias_low']:+.1f}" in written.out
    command(tmp_path, capsys, *files, "--csv", "--out", tmp_path / "audit.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "audit.csv").read_text())))
    assert rows[0]["quantity"] == "people" and rows[0]["verdict"] == "fails"
    assert float(rows[0]["low"]) == people["low"]
    assert [row["quantity"] for row in rows] == [each["quantity"] for each in told["quantities"]]


def test_the_rates_of_text_can_be_read_in_a_terminal(files, tmp_path, capsys):
    """The table is no wider than 80 columns."""
    _, written = command(tmp_path, capsys, *files)
    table = written.out.split("\n\n")[1]
    assert max(map(len, table.splitlines())) < 80


@pytest.mark.parametrize(
    "flags",
    [
        ("--margin", "0"),
        ("--margin", "nan"),
        ("--margin", "99"),
        ("--error", "50"),
        ("--margin", "x"),
    ],
)
def test_a_margin_that_says_nothing_is_refused(files, tmp_path, capsys, flags):
    status, written = command(tmp_path, capsys, *files, *flags)
    assert status == 2
    assert flags[0] in written.err


def test_files_that_are_not_there_or_damaged_are_told_in_a_sentence(files, tmp_path, capsys):
    """And which."""
    (tmp_path / "broken.json").write_text("{")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for flags, word in (
        ((tmp_path / "none.json", *files[1:]), "none.json"),
        ((tmp_path / "broken.json", *files[1:]), "broken.json"),
        ((files[0], "--counts", tmp_path / "none.jsonl"), "none.jsonl"),
        ((files[2], "--counts", files[0]), "--counts"),
        ((files[0], "--state-dir", tmp_path, "--site", "shop", "--device", "door"), "no history"),
    ):
        status, written = command(tmp_path, capsys, *flags)
        assert status == 2 and word in written.err and written.err.count("\n") == 1
    status, written = command(tmp_path, capsys, files[0], "--counts", empty)
    assert status == 0 and "the device told nothing of it" in written.out


def test_a_damaged_history_is_told_in_a_sentence(files, tmp_path, capsys):
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)
    status, written = command(
        tmp_path, capsys, files[0], "--state-dir", tmp_path, "--site", "shop", "--device", "door"
    )
    assert status == 1 and FILE_NAME in written.err and written.err.count("\n") == 1


def test_an_audit_writes_nothing_but_what_it_is_asked_for(files, tmp_path, capsys):
    before = names_in(tmp_path), files[0].read_bytes()
    command(tmp_path, capsys, *files)
    assert (names_in(tmp_path), files[0].read_bytes()) == before
