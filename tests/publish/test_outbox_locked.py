"""An outbox that can't be read or written for a while: nothing is told that is not known."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edge.diagnostics import checks
from edge.messages.messages import Health
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.own_status import outbox_facts, outbox_health
from edge.watch.screen import health_line
from tests.publish.support import counts, health


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An outbox with a window in it."""
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
    return tmp_path / FILE_NAME


@pytest.fixture
def writing_locked(file: Path) -> Iterator[sqlite3.Connection]:
    """Another program is writing: reading goes on in WAL mode, writing waits."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def _as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _torn(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(b"x" * len(data))


@pytest.mark.parametrize("ruin", [_as_folder, _torn, Path.unlink], ids=lambda ruin: ruin.__name__)
def test_what_cannot_be_read_is_null(file: Path, ruin) -> None:
    """`health` and the answer to `outbox` say null where 0 would be a claim."""
    ruin(file)
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    with Outbox(file, owner=False, busy_s=0.1) as outbox:
        told = outbox_health(outbox) | outbox_facts(outbox)
    del told["publisher_memory_mb"]
    assert set(told.values()) == {None}
    record = health(outbox_depth=None, outbox_dropped=None)
    assert msgspec.json.decode(msgspec.json.encode(record), type=Health) == record
    assert "outbox unreadable" in health_line(record)


def test_the_doctor_does_not_call_a_locked_outbox_empty(file: Path) -> None:
    """Where the number of windows is not known it says so, and what to look for."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        finding = checks._outbox(file)
    assert finding.state == "bad"


def test_a_lock_on_writing_is_said_once_and_so_is_its_end(
    file: Path, writing_locked: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Reading that works meanwhile does not mean that the outbox works again."""
    caplog.set_level(logging.INFO)
    with Outbox(file, owner=False, busy_s=0.0) as outbox:
        for _ in range(5):
            assert outbox.depth() == 1
            assert not outbox.remove([1])
            assert len(outbox.peek(1)) == 1
        assert [r.message.split(": ", 1)[1] for r in caplog.records] == [
            f"{file}: database is locked"
        ]
        writing_locked.execute("ROLLBACK")
        assert outbox.depth() == 1
        assert "works again" not in caplog.text
        assert outbox.remove([1])
    assert caplog.text.count("works again") == 1
    assert len(caplog.records) == 2
