"""An outbox written by whoever took over the other process: it may lose windows, never a start."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge.config.zone import ahead_in
from edge.messages.checking import sendable
from edge.outbox.outbox import Outbox
from edge.outbox.starts import count_start
from edge.publish.totals import RunningTotals
from tests.publish.support import counts

LARGEST = 2**63 - 1

CHANGES = {
    "the next number": f"UPDATE tally SET value = {LARGEST} WHERE name = 'next_seq'",
    "a negative next number": "UPDATE tally SET value = -5 WHERE name = 'next_seq'",
    "no next number": "DELETE FROM tally WHERE name = 'next_seq'",
    "the numbering": f"UPDATE tally SET value = {LARGEST} WHERE name = 'numbering'",
    "no numbering": "DELETE FROM tally WHERE name = 'numbering'",
    "how many were dropped": f"INSERT INTO tally VALUES ('dropped', {LARGEST})",
    "how often it started": f"INSERT INTO tally VALUES ('starts', {LARGEST})",
    "how many were set aside": f"INSERT INTO tally VALUES ('set_aside', {LARGEST})",
    "what was carried over": f"INSERT INTO tally VALUES ('carried_start_ms', {LARGEST}), "
    f"('carried_window_ms', {LARGEST}), ('carried_people', {LARGEST})",
    "a window's number": f"UPDATE windows SET seq = {LARGEST} WHERE seq = 2",
    "a window's number below 1": "UPDATE windows SET seq = -9 WHERE seq = 2",
    "people": f"UPDATE windows SET people = {LARGEST} WHERE seq = 2",
    "people below nobody": "UPDATE windows SET people = -3 WHERE seq = 2",
    "text": "UPDATE windows SET boot = zeroblob(100000) || 'x' WHERE seq = 2",
    "a day that there is not": "UPDATE windows SET start = '2026-99-99T99:99:99.000Z' "
    "WHERE seq = 2",
    "a year that there is not": "UPDATE windows SET start = '0000-01-01T00:00:00.000Z' "
    "WHERE seq = 2",
    "the last hour of all": "UPDATE windows SET start = '9999-12-31T23:00:00.000Z', "
    "end = '9999-12-31T23:59:59.999Z' WHERE seq = 2",
    "no text": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, "
    "'NOT NULL', '') WHERE name = 'windows'; PRAGMA writable_schema = RESET; "
    "UPDATE windows SET boot = NULL, start = NULL, people = NULL WHERE seq = 2",
    "no number of a name": "PRAGMA writable_schema = ON; UPDATE sqlite_schema "
    "SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'tally'; PRAGMA writable_schema = RESET; "
    "UPDATE tally SET value = NULL WHERE name = 'next_seq'",
    "a trigger": "CREATE TRIGGER stop BEFORE INSERT ON windows "
    "BEGIN SELECT RAISE(ABORT, 'no'); END",
    "a view in place of a table": "DROP TABLE tally; "
    "CREATE VIEW tally AS SELECT 'next_seq' AS name, 1 AS value",
    "no table": "DROP TABLE windows",
    "another table": "DROP TABLE windows; CREATE TABLE windows (seq TEXT, picture BLOB)",
    "a table more": "CREATE TABLE pictures (picture BLOB); "
    "INSERT INTO pictures VALUES (zeroblob(999))",
    "an index": "CREATE INDEX more ON windows (people)",
}


def tamper(path: Path, change: str) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA ignore_check_constraints = ON")
    database.executescript(change)
    database.commit()
    database.close()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_value_in_it_ends_a_start(tmp_path: Path, change: str) -> None:
    """Vision starts, counts its start, stores and goes on numbering; the publisher reads on."""
    path = tmp_path / "o.sqlite"
    with Outbox(path) as outbox:
        for minute in range(3):
            outbox.append(counts(minute))
        given = {(w.numbering, w.seq) for w in outbox.peek(9)}
    tamper(path, change)
    for _ in range(2):
        with Outbox(path) as outbox, Outbox(path, owner=False) as reader:
            count_start(outbox)
            new = outbox.append(counts(7))
            assert new > 0
            key = (outbox.numbering(), new)
            assert key not in given
            given.add(key)
            waiting = reader.peek(99)
            assert key in {(w.numbering, w.seq) for w in waiting}
            sent = [sendable(window, (), reader.numbering()) for window in waiting]
            assert all(len(one.payload) < 6_000 for one in sent)
            assert RunningTotals(reader, ahead_in("Europe/Berlin")).remove([w.counts for w in sent])
            assert reader.depth() == 0
            assert outbox.dropped() >= 0


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_value_in_it_ends_a_publisher_that_runs(tmp_path: Path, change: str) -> None:
    """It reads what there is, and what it may send of that."""
    path = tmp_path / "o.sqlite"
    with Outbox(path) as outbox, Outbox(path, owner=False) as reader:
        for minute in range(3):
            outbox.append(counts(minute))
        reader.peek(1)
        tamper(path, change)
        for window in reader.peek(99):
            assert len(sendable(window, (), reader.numbering()).payload) < 6_000
        depth = reader.depth()
        assert (depth is None) == (change == CHANGES["no table"])
        assert depth is None or depth >= 0
        reader.kept("dropped")
        outbox.append(counts(8))
