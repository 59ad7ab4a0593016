"""What outbox and history write in a day: a window a minute stored, delivered, summed, removed.

    python -m benchmarks.outbox_writes [--windows 1440] [--folder FOLDER] [--away] [--no-history]

Vision's and the publisher's ends do in seconds what takes them a day. Printed are the bytes that
SQLite handed to the kernel and the bytes the kernel sent to the disk (`wchar` and `write_bytes`
of /proc/self/io; the latter is 0 on a disk in memory), and the waits for the disk (`fsync`), each
counted for one window and summed. `--away`: the broker is away, so nothing is removed.
`--no-history`: as with `history.enabled = false`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from msgspec.structs import replace

from edge.config.zone import ahead_in
from edge.history.history import FILE_NAME as HISTORY_NAME
from edge.history.history import History
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.totals import RunningTotals
from tests.publish.support import counts


def written() -> dict[str, int]:
    """This process's counters of bytes written."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    found = dict(line.split(": ") for line in lines)
    return {name: int(found[name]) for name in ("wchar", "write_bytes")}


def day(
    folder: Path, windows: int, *, away: bool, history: bool
) -> tuple[dict[str, int], float, int]:
    """Store (and deliver) the windows; bytes written, seconds taken, size of the files after."""
    places = {"zone_entrance_people": 3, "line_door_in": 4, "line_door_out": 2}
    window = counts(boot="5e1f0a77", places=places)
    path = folder / FILE_NAME
    with Outbox(path) as vision, Outbox(path, owner=False) as publisher, ExitStack() as stack:
        kept = History(folder / HISTORY_NAME, ahead_in("")) if history else None
        if kept is not None:
            stack.enter_context(kept)
        sums = RunningTotals(publisher, ahead_in(""), ("line_door_in", "line_door_out"))
        vision.append(window)
        before, began_s = written(), time.perf_counter()
        for minute in range(windows):
            times = counts(minute)
            vision.append(replace(window, start=times.start, end=times.end))
            if away:
                continue
            waiting = publisher.peek(8)
            if kept is not None:
                kept.take(waiting)
            sums.remove(waiting)
        after, took_s = written(), time.perf_counter() - began_s
        size = sum(file.stat().st_size for file in folder.glob("*.sqlite*"))
    return {name: after[name] - before[name] for name in after}, took_s, size


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=1440)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    parser.add_argument("--away", action="store_true", help="the broker is away all day")
    parser.add_argument("--no-history", dest="history", action="store_false")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        spent, took_s, size = day(Path(name), asked.windows, away=asked.away, history=asked.history)
    print(f"{asked.windows} windows: handed to the kernel {spent['wchar'] / 1e6:.1f} MB, "
          f"sent to the disk {spent['write_bytes'] / 1e6:.1f} MB, "
          f"{took_s / asked.windows * 1000:.2f} ms a window, "
          f"files at the end {size / 1e6:.2f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
