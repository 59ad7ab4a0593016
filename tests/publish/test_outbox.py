"""The outbox: numbers without gaps, a bound, and no error of the disk that stops counting."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.outbox.outbox import Outbox
from tests.publish.support import counts


def test_a_window_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Every value of a window survives the outbox; only the number is given there."""
    window = counts(
        5, dwell_s_mean=4.25, est_female=1.5, est_female_low=0.5, est_female_high=2.5,
        clock_synced=False, places={"zone_entrance_people": 2, "line_door_in": 0},
    )  # fmt: skip
    with Outbox(tmp_path / "o.sqlite") as outbox:
        seq = outbox.append(window)
        assert outbox.peek(10) == [
            msgspec.structs.replace(window, seq=seq, numbering=outbox.numbering())
        ]


def test_numbers_go_on_after_rows_are_gone_and_the_process_too(tmp_path: Path) -> None:
    """Removing every row and starting again does not give a number twice."""
    given_numbers = []
    for _ in range(3):
        with Outbox(tmp_path / "o.sqlite") as outbox:
            given_numbers += [outbox.append(counts(i)) for i in range(4)]
            outbox.remove(given_numbers)
    assert given_numbers == list(range(1, 13))


def test_the_oldest_is_dropped_first_and_counted(tmp_path: Path) -> None:
    """Beyond the bound the oldest windows go, and the drop is on record across restarts."""
    with Outbox(tmp_path / "o.sqlite", max_windows=10) as outbox:
        for minute in range(25):
            outbox.append(counts(minute))
        assert [w.seq for w in outbox.peek(99)] == list(range(16, 26))
    with Outbox(tmp_path / "o.sqlite", max_windows=10) as outbox:
        assert (outbox.dropped(), outbox.depth()) == (15, 10)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.one_of(st.just("append"), st.just("restart"), st.integers(1, 5)), max_size=40)
)
def test_the_outbox_is_a_queue_without_gaps(tmp_path_factory: pytest.TempPathFactory,
                                            steps: list[str | int]) -> None:  # fmt: skip
    """Whatever the order of storing, removing and restarting: a queue with gapless numbers."""
    path = tmp_path_factory.mktemp("outbox") / "o.sqlite"
    outbox, given_numbers, removed = Outbox(path), 0, 0
    for step in steps:
        if step == "append":
            given_numbers += 1
            assert outbox.append(counts(given_numbers)) == given_numbers
        elif step == "restart":
            outbox.close()
            outbox = Outbox(path)
        else:
            seqs = [w.seq for w in outbox.peek(int(step))]
            outbox.remove(seqs)
            removed += len(seqs)
        assert [w.seq for w in outbox.peek(99)] == list(range(removed + 1, given_numbers + 1))
    outbox.close()


def full_disk(folder: Path) -> bool:
    """Mount a disk of 512 KiB; false where we may not."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_full_disk_never_stops_counting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On a full disk windows wait in memory; when there is room again all are numbered in order."""
    disk = tmp_path / "disk"
    if not full_disk(disk):
        pytest.skip("a small disk can be mounted by root only")
    try:
        outbox = Outbox(disk / "o.sqlite")
        outbox.append(counts(0))
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        given_numbers = [outbox.append(counts(1 + i)) for i in range(200)]
        assert given_numbers[-1] == 0
        assert outbox.in_memory > 0
        assert "full" in caplog.text
        waiting = outbox.in_memory
        ballast.unlink()
        stored = [w.seq for w in outbox.peek(999)]
        outbox._file.close()
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        last = outbox.append(counts(201))
        assert outbox.in_memory == 0
        assert [w.seq for w in outbox.peek(999)] == list(range(1, last + 1))
        assert last == len(stored) + waiting + 1
        assert outbox.dropped() == 0
        outbox.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_the_memory_ring_is_bounded_and_says_what_it_dropped(tmp_path: Path) -> None:
    """Where no file can be made at all, the newest windows are kept and the rest is counted."""
    (tmp_path / "file").write_text("not a folder")
    outbox = Outbox(tmp_path / "file" / "o.sqlite", max_ring=5)
    assert [outbox.append(counts(i)) for i in range(12)] == [0] * 12
    assert (outbox.in_memory, outbox.dropped(), outbox.peek(9)) == (5, None, [])
    (tmp_path / "file").unlink()
    assert outbox.append(counts(12)) == 5
    assert (outbox.in_memory, outbox.dropped(), outbox.depth()) == (0, 8, 5)


KILLED = textwrap.dedent("""
    import sys
    from edge.outbox.outbox import Outbox
    from tests.publish.support import counts
    outbox = Outbox(sys.argv[1])
    minute = 0
    while True:
        print(outbox.append(counts(minute)), flush=True)
        minute += 1
""")


@pytest.mark.parametrize("after", [1, 7, 40])
def test_kill_9_loses_and_doubles_no_number(tmp_path: Path, after: int) -> None:
    """A number once seen is stored, and the next start goes on right behind the last stored."""
    path = tmp_path / "o.sqlite"
    seen = 0
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(after):
            seen = int(child.stdout.readline())
        child.kill()
        child.communicate()
        with Outbox(path) as outbox:
            stored = [w.seq for w in outbox.peek(9999)]
        assert stored == list(range(1, len(stored) + 1))
        assert len(stored) >= seen


def test_no_column_can_hold_a_picture(tmp_path: Path) -> None:
    """No BLOB column; text is short and of few characters; STRICT refuses every other type."""
    path = tmp_path / "o.sqlite"
    Outbox(path).close()
    database = sqlite3.connect(path)
    tables = [
        row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    assert sorted(tables) == ["places", "tally", "windows"]
    for table in tables:
        assert database.execute(
            "SELECT strict FROM pragma_table_list WHERE name = ?", (table,)
        ).fetchone() == (1,)
        kinds = {row[2] for row in database.execute(f"PRAGMA table_info({table})")}
        assert kinds <= {"INTEGER", "REAL", "TEXT"}
    for column, value in (("model", "x" * 65), ("model", "data:image/png;base64,iVBORw0KGgo="),
                          ("boot", "é"), ("people", b"\\xff\\xd8"), ("people", "many"),
                          ("window_s", b"\\x00"), ("people", -1), ("model", b"JFIF")):  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(f"INSERT INTO windows ({column}) VALUES (?)", (value,))
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO places VALUES (1, 'zone A', 3)")
    database.close()


def test_a_window_the_checks_refuse_is_dropped_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One impossible window costs itself only: no number, no half a row, and it is counted."""
    with Outbox(tmp_path / "o.sqlite") as outbox:
        outbox.append(counts(1, places={"zone_ok_people": 1, "zone no": 1}))
        assert outbox.append(counts(2)) == 1
        assert (outbox.depth(), outbox.dropped()) == (1, 1)
    assert "refused" in caplog.text


def test_the_outbox_loads_no_image_library() -> None:
    """Vision's and the publisher's common door costs neither numpy nor OpenCV."""
    code = (
        "import sys, edge.messages.live, edge.publish; print({'numpy', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
