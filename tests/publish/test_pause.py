"""A privacy pause fails closed: what can't be read of it means paused, until somebody resumes."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from edge.config.tables import Config
from edge.messages.live import Order
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.vision.orders import Orders
from edge.vision.pause import PAUSED, RECORD, RUNNING, Pause, PauseRecord
from tests.publish.schema_1 import filled_under_schema_1

ASKED, UNREADABLE, RUNS = Pause(True, "request"), Pause(True, "unreadable"), Pause(False)


def orders_of(folder: Path, outbox: Outbox) -> tuple[Orders, Any]:
    """Vision's orders around a loop that only knows whether it is paused."""
    loop = SimpleNamespace(paused=False)
    record = PauseRecord(folder)
    return Orders(loop, lambda _length_s: None, Config, outbox, record), loop  # type: ignore[arg-type]


@contextlib.contextmanager
def full_disk(folder: Path, *, files: dict[str, bytes]) -> Iterator[Path]:
    """A disk of a few pages that holds some files and not a byte more."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"x" * 1024):
                pass
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_new_device_runs_and_makes_the_record(tmp_path: Path) -> None:
    """There is nothing that could have been paused."""
    assert PauseRecord(tmp_path).now == RUNS
    assert (tmp_path / RECORD).read_bytes() == RUNNING


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_the_pause_is_as_it_was_after_a_restart(tmp_path: Path, verb: str) -> None:
    """Whatever was ordered last holds when vision starts again."""
    PauseRecord(tmp_path)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        orders, _ = orders_of(tmp_path, outbox)
        assert orders.answer(Order(id=1, verb="pause")).error is None
        assert orders.answer(Order(id=2, verb=verb)).error is None
    with Outbox(tmp_path / FILE_NAME) as outbox:
        _, loop = orders_of(tmp_path, outbox)
        assert loop.paused is (verb == "pause")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"paused",
        b"running",
        b"RUNNING\n",
        b"running\n\n",
        b"\x00" * 8,
        b"\xe8F\xab\r\n" * 12,
    ],
)
def test_a_damaged_record_means_paused(tmp_path: Path, content: bytes) -> None:
    """Anything but the one or the other; the reason is told, and `resume` mends it."""
    (tmp_path / RECORD).write_bytes(content)
    record = PauseRecord(tmp_path)
    assert record.now == UNREADABLE
    assert record.set(False)
    assert PauseRecord(tmp_path).now == RUNS


def test_a_record_that_can_t_be_read_means_paused(tmp_path: Path) -> None:
    """A folder in its place stands for whatever the disk may come up with."""
    (tmp_path / RECORD).mkdir()
    assert PauseRecord(tmp_path).now == UNREADABLE


def linked(to: str) -> Callable[[Path], None]:
    return lambda record: record.symlink_to(to)


def sparse(record: Path) -> None:
    with record.open("wb") as file:
        file.write(RUNNING)
        file.truncate(2**42)


STRANGE: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a socket": lambda record: socket.socket(socket.AF_UNIX).bind(str(record)),
    "what never ends": linked("/dev/zero"),
    "what is not there": linked("nothing"),
    "itself": linked(RECORD),
    "another that says it runs": linked("other"),
    "4 TB, nearly all of it holes": sparse,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_plain_record_means_paused_and_resume_mends_it(
    tmp_path: Path, kind: str
) -> None:
    """Read within a bound, through no link, waiting for nobody; without an outbox, too."""
    (tmp_path / "other").write_bytes(RUNNING)
    STRANGE[kind](tmp_path / RECORD)
    record = PauseRecord(tmp_path)
    assert record.now == UNREADABLE
    assert record.set(False)
    assert PauseRecord(tmp_path).now == RUNS
    assert (tmp_path / "other").read_bytes() == RUNNING


@pytest.mark.parametrize("kind", STRANGE)
def test_a_record_replaced_while_running_does_not_undo_a_pause(tmp_path: Path, kind: str) -> None:
    """The camera is closed, the next start finds it so, and nothing else is written to."""
    PauseRecord(tmp_path)
    orders, loop = orders_of(tmp_path, Outbox(tmp_path / FILE_NAME))
    (tmp_path / "other").write_bytes(RUNNING)
    (tmp_path / RECORD).unlink()
    STRANGE[kind](tmp_path / RECORD)
    (tmp_path / f"{RECORD}.new").symlink_to("other")
    assert orders.answer(Order(id=1, verb="pause")).error is None
    assert loop.paused
    assert PauseRecord(tmp_path).now == ASKED
    assert (tmp_path / "other").read_bytes() == RUNNING


def test_a_disk_of_the_outbox_that_is_not_there_means_paused(tmp_path: Path) -> None:
    """Without record: the outbox is a link to it, so that this is no new device."""
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "disk" / FILE_NAME)
    assert PauseRecord(tmp_path).now == UNREADABLE


def test_a_folder_that_can_t_be_searched_means_paused(tmp_path: Path) -> None:
    """As one of the wrong owner."""
    with mock.patch.object(os, "open", side_effect=PermissionError(13, "no")):
        record = PauseRecord(tmp_path)
    assert record.now == UNREADABLE


def test_a_missing_record_beside_an_outbox_means_paused(tmp_path: Path) -> None:
    """Somebody, or a damaged disk, has taken it away: this is no new device."""
    PauseRecord(tmp_path)
    Outbox(tmp_path / FILE_NAME).close()
    (tmp_path / RECORD).unlink()
    for _ in range(2):
        assert PauseRecord(tmp_path).now == UNREADABLE


def test_a_full_disk_hides_no_pause(tmp_path: Path) -> None:
    """At the start, with the record there; and `resume` works, for it needs no room."""
    with full_disk(tmp_path / "disk", files={RECORD: PAUSED}) as disk:
        record = PauseRecord(disk)
        assert record.now == ASKED
        assert record.set(False)
        assert PauseRecord(disk).now == RUNS
        assert record.set(True)
        assert PauseRecord(disk).now == ASKED


def test_a_full_disk_hides_no_pause_of_schema_1(tmp_path: Path) -> None:
    """The flag lies in an outbox that can't be opened: paused, and told as unreadable."""
    old = filled_under_schema_1(tmp_path / "old")
    database = sqlite3.connect(old)
    database.execute("PRAGMA journal_mode = WAL")
    database.close()
    with full_disk(tmp_path / "disk", files={FILE_NAME: old.read_bytes()}) as disk:
        assert PauseRecord(disk).now == UNREADABLE


def test_a_lock_hides_no_pause(tmp_path: Path) -> None:
    """Another process holds the outbox for writing, for as long as it likes."""
    PauseRecord(tmp_path).set(True)
    Outbox(tmp_path / FILE_NAME).close()
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert PauseRecord(tmp_path).now == ASKED
    other.close()


@pytest.mark.parametrize("damage", ["header", "all"])
def test_a_damaged_outbox_hides_no_pause(tmp_path: Path, damage: str) -> None:
    """With a record it does not matter; one of schema 1 is not known to have said no."""
    for folder, made in ((tmp_path / "new", Outbox), (tmp_path / "old", filled_under_schema_1)):
        folder.mkdir()
        if made is Outbox:
            PauseRecord(folder).set(True)
            Outbox(folder / FILE_NAME).close()
        else:
            made(folder / FILE_NAME)
        size = 100 if damage == "header" else (folder / FILE_NAME).stat().st_size
        with (folder / FILE_NAME).open("r+b") as file:
            file.write(os.urandom(size))
    assert PauseRecord(tmp_path / "new").now == ASKED
    assert PauseRecord(tmp_path / "old").now == UNREADABLE


def test_a_schema_1_that_was_not_paused_runs(tmp_path: Path) -> None:
    """An upgrade does not close a camera that nobody wanted closed."""
    database = sqlite3.connect(filled_under_schema_1(tmp_path / FILE_NAME))
    database.execute("UPDATE tally SET value = 0 WHERE name = 'paused'")
    database.commit()
    database.close()
    assert PauseRecord(tmp_path).now == RUNS


def test_a_pause_that_can_t_be_kept_holds_for_now_and_says_so(tmp_path: Path) -> None:
    """On a disk that takes nothing, the camera is closed all the same."""
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file"
    orders, loop = orders_of(folder, Outbox(folder / FILE_NAME))
    answer = orders.answer(Order(id=1, verb="pause"))
    assert loop.paused
    assert "until the next start only" in str(answer.error)


def test_what_the_disk_refused_is_written_once_it_can_be(tmp_path: Path) -> None:
    """Else a device whose disk was full at its first start would be paused at the next."""
    with full_disk(tmp_path / "disk", files={}) as disk:
        record = PauseRecord(disk)
        assert record.now == RUNS
        assert not record.kept
        (disk / "filler").unlink()
        record.keep_up()
        assert (disk / RECORD).read_bytes() == RUNNING


def test_a_flood_of_pauses_writes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card is not worn out by asking again for what is so already."""
    PauseRecord(tmp_path)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        orders, _ = orders_of(tmp_path, outbox)
        written: list[bool] = []
        monkeypatch.setattr(
            PauseRecord, "_write", lambda self, paused: written.append(paused) or True
        )
        for number in range(100):
            assert orders.answer(Order(id=number, verb="pause")).error is None
    assert written == [True]
