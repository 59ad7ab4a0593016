"""The history's file: damaged, locked, full, newer, or not ours to write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge.diagnostics.checks import storage
from edge.history import history as history_module
from edge.history.history import FILE_NAME, History
from tests.history.support import (
    BERLIN,
    NOON_S,
    config,
    kept,
    people,
    read,
    some,
    wanted,
    window,
)
from tests.publish.test_outbox import full_disk


def test_a_damaged_file_is_set_aside_and_what_reads_is_taken_along(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Delivery hears nothing of it; a file of rubbish begins anew."""
    path = tmp_path / FILE_NAME
    windows = some(NOON_S, 3000)
    kept(tmp_path, windows, each=100)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 3 * 1024)
        file.write(os.urandom(2048))
    with History(path, BERLIN) as history:
        assert history.take([window(NOON_S + 60 * 3000, 3001)])
    assert len(list(tmp_path.glob(f"{FILE_NAME}.corrupt-*"))) == 1
    assert "history:" in caplog.text
    assert "set aside" in caplog.text
    whole = wanted(windows)
    right = [hour for hour, sums in read(tmp_path).hours.items() if sums == whole.get(hour)]
    assert len(right) > 20
    path.write_bytes(os.urandom(9_000))
    with History(path, BERLIN) as history:
        assert history.take([window(NOON_S, 3002)])
    assert people(tmp_path) == 3


@pytest.mark.parametrize("what", ["page", "cut", "names"])
def test_a_damaged_page_costs_its_hours_and_not_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """One page of many, a cut end, or the page of the names, which an index holds too."""
    path = tmp_path / FILE_NAME
    windows = [window(NOON_S + 3600 * n, n + 1) for n in range(1_000)]
    kept(tmp_path, windows, each=500)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema"))
    with path.open("r+b") as file:
        if what == "cut":
            file.truncate(path.stat().st_size * 99 // 100)
        else:
            page = roots["names"] - 1 if what == "names" else path.stat().st_size // 1024 // 2
            file.seek(page * 1024)
            file.write(bytes(1024))
    with History(path, BERLIN):
        pass
    assert "set aside" in caplog.text
    whole = wanted(windows)
    right = [hour for hour, sums in read(tmp_path).hours.items() if sums == whole.get(hour)]
    assert len(right) > 900


def test_a_window_of_before_the_damage_is_not_counted_again(tmp_path: Path) -> None:
    """The numbers of what is in the sums are taken along with them."""
    windows = some(NOON_S, 30)
    kept(tmp_path, windows)
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE stranger (a)")
    kept(tmp_path, windows)
    assert len(list(tmp_path.glob(f"{FILE_NAME}.corrupt-*"))) == 1
    assert read(tmp_path).hours == wanted(windows)


def test_a_locked_file_stops_nothing_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What can't be written waits in memory, is said once, and is written with the next."""
    path = tmp_path / FILE_NAME
    windows = some(NOON_S, 4)
    with History(path, BERLIN, busy_s=0.0) as history:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert [history.take([each]) for each in windows[:3]] == [False] * 3
            other.execute("ROLLBACK")
        assert caplog.text.count("database is locked") == 1
        assert history.take(windows[3:])
    assert "works again" in caplog.text
    assert read(tmp_path).hours == wanted(windows)


def test_where_no_file_can_be_made_memory_stays_bounded_and_the_loss_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers tell later how many windows the history lacks."""
    monkeypatch.setattr(history_module, "RING_WINDOWS", 5)
    (tmp_path / "file").write_text("not a folder")
    with History(tmp_path / "file" / FILE_NAME, BERLIN) as history:
        windows = some(NOON_S, 20)
        for each in windows[1:]:
            assert not history.take([each])
        (tmp_path / "file").unlink()
        assert history.take(windows[-1:])
    found = sum(read(tmp_path / "file").hours.values(), Counter())
    assert (found["windows"], found["missing"]) == (5, 0)


def test_a_full_disk_loses_nothing_and_what_is_older_is_kept(tmp_path: Path) -> None:
    """Also where the same windows come again and again, since the outbox is as full."""
    disk = tmp_path / "disk"
    if not full_disk(disk):
        pytest.skip("a small disk can be mounted by root only")
    windows = some(NOON_S, 590)
    try:
        with History(disk / FILE_NAME, BERLIN) as history:
            assert history.take(windows[:100])
            with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            taken = [history.take(windows[first : first + 8]) for first in range(100, 500, 8)]
            assert not taken[-1]
            assert not any(history.take(windows[500:504]) for _ in range(300))
            (disk / "ballast").unlink()
            assert history.take(windows[504:])
        assert read(disk).hours == wanted(windows)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_file_of_a_newer_release_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Delivery goes on without a history, and the log says why, once."""
    kept(tmp_path, some(NOON_S, 3))
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = path.read_bytes()
    with History(path, BERLIN) as history:
        assert not any(history.take([each]) for each in some(NOON_S, 9))
    assert path.read_bytes() == before
    assert caplog.text.count("newer agender-edge") == 1


def test_a_read_only_file_is_read_and_not_written(tmp_path: Path) -> None:
    """A copy on a read-only medium, looked at by who may not write there."""
    windows = some(NOON_S, 30)
    kept(tmp_path, windows)
    before = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).chmod(0o440)
    assert read(tmp_path).hours == wanted(windows)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_group_and_root_may_read_what_the_publisher_writes(tmp_path: Path) -> None:
    """The file is made for its owner and group, whatever SQLite would choose."""
    before = os.umask(0o007)
    try:
        kept(tmp_path, some(NOON_S, 3))
    finally:
        os.umask(before)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o660


def test_doctor_tells_what_is_kept_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    """Days and size; a damaged file is named, and not touched."""
    kept(tmp_path, [window(NOON_S + 86_400 * day, day + 1) for day in range(3)])
    (found,) = [each for each in storage(config(tmp_path)) if each.subject == "history"]
    assert (found.state, found.text[:6]) == ("note", "3 days")
    (tmp_path / FILE_NAME).write_bytes(b"rubbish" * 999)
    (found,) = [each for each in storage(config(tmp_path)) if each.subject == "history"]
    assert found.state == "bad"
    assert FILE_NAME in found.text
    assert (tmp_path / FILE_NAME).read_bytes() == b"rubbish" * 999
