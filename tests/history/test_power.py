"""A power cut at any instruction: each window is in the history or waits, and is counted once."""

from __future__ import annotations

import textwrap
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from edge.history.history import FILE_NAME, History
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox
from tests.history.support import BERLIN, read, some, wanted
from tests.publish.power import Op, after_cut, recorded, told_before

WINDOWS, CUTS, START_S = 200, 60, 1_772_838_000.0
DAY = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from edge.history.history import FILE_NAME, History
    from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME, Outbox
    from tests.history.support import BERLIN, some
    folder, number, start_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    vision, publisher = Outbox(folder / OUTBOX_NAME), Outbox(folder / OUTBOX_NAME, owner=False)
    history = History(folder / FILE_NAME, BERLIN)
    for minute, window in enumerate(some(start_s, number)):
        os.write(1, b"%d\\n" % vision.append(window))
        if minute % 3 == 0:
            delivered = publisher.peek(5)
            assert history.take(delivered)
            assert publisher.remove(each.seq for each in delivered)
    os._exit(0)  # no tidy end: the power is what goes
""")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Op]]:
    """The system calls of windows stored, delivered, summed and removed."""
    folder = tmp_path_factory.mktemp("power")
    return folder, recorded(folder / "strace.txt", DAY, str(folder), str(WINDOWS), str(START_S))


@pytest.mark.parametrize("seed", range(2))
def test_no_window_is_lost_or_counted_twice(
    day: tuple[Path, list[Op]], tmp_path: Path, seed: int
) -> None:
    """Cut anywhere, keep any part of what was not synced; what comes again is not counted again."""
    folder, ops = day
    random = Random(seed)
    told = [index for index, op in enumerate(ops) if op.kind == "told"]
    for number in range(CUTS // 2):
        cut = random.randrange(told[0], len(ops) + 1)
        left = tmp_path / str(number)
        left.mkdir()
        for name, content in after_cut(ops, cut, random).items():
            if Path(name).parent == folder and not name.endswith("-shm"):
                (left / Path(name).name).write_bytes(content)
        _check(left, told_before(ops, cut)[-1], f"cut before step {cut}")


def _check(left: Path, last: int, where: str) -> None:
    """Start again, deliver all that waits, and compare with what was told."""
    with Outbox(left / OUTBOX_NAME) as outbox, History(left / FILE_NAME, BERLIN) as history:
        assert outbox.kept("set_aside") == 0, where
        waiting = outbox.peek(WINDOWS)
        given = outbox.append(some(START_S, 1)[0]) - 1
        assert last <= given <= last + 1, where
        under = outbox.numbering()
        told = [replace(each, numbering=under) for each in some(START_S, given)]
        assert history.take(waiting), where
    with Outbox(left / OUTBOX_NAME) as outbox:
        outbox.remove([given + 1])
        assert read(left).hours == wanted(told), where
    assert not list(left.glob("*.corrupt-*")), where
