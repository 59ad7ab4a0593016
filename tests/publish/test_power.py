"""A power cut at any instruction: no number that anybody saw is lost or given twice."""

from __future__ import annotations

import itertools
import shutil
import textwrap
from pathlib import Path
from random import Random

import pytest

from edge.outbox.outbox import Outbox
from tests.publish.power import Op, after_cut, recorded, told_before
from tests.publish.support import counts

WINDOWS, CUTS = 400, 300
DAY = textwrap.dedent("""
    import os, sys
    from edge.outbox.outbox import Outbox
    from tests.publish.support import counts
    vision, publisher = Outbox(sys.argv[1]), Outbox(sys.argv[1], owner=False)
    for minute in range(int(sys.argv[2])):
        os.write(1, b"%d\\n" % vision.append(counts(minute, places={"zone_a_people": 1})))
        if minute % 50 == 49:
            publisher.remove(range(1, minute - 20))
    os._exit(0)  # no tidy end: the power is what goes
""")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Op]]:
    """The system calls of a few hundred windows, some delivered, with a checkpoint between."""
    folder = tmp_path_factory.mktemp("power")
    path = folder / "o.sqlite"
    return path, recorded(folder / "strace.txt", DAY, str(path), str(WINDOWS))


def test_the_record_holds_what_it_must(day: tuple[Path, list[Op]]) -> None:
    """Each window is synced before it is told, and the main file was written to as well."""
    path, ops = day
    told = [index for index, op in enumerate(ops) if op.kind == "told"]
    assert len(told) == WINDOWS
    for before, after in itertools.pairwise(told):
        assert any(op.kind == "sync" for op in ops[before:after])
    assert sum(op.kind == "write" and op.path == str(path) for op in ops) > 20


@pytest.mark.parametrize("seed", range(3))
def test_no_number_is_lost_or_given_twice(
    day: tuple[Path, list[Op]], tmp_path: Path, seed: int
) -> None:
    """Cut anywhere, keep any part of what was not synced: what was told is there, and goes on."""
    path, ops = day
    random = Random(seed)
    first_told = next(index for index, op in enumerate(ops) if op.kind == "told")
    for number in range(CUTS // 3):
        cut = random.randrange(first_told, len(ops) + 1)
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in after_cut(ops, cut, random).items():
            if Path(name).parent == path.parent and not name.endswith("-shm"):
                (folder / Path(name).name).write_bytes(content)
        last = told_before(ops, cut)[-1]
        with Outbox(folder / path.name) as outbox:
            assert outbox.kept("set_aside") == 0, f"cut before step {cut}"
            stored = [w.seq for w in outbox.peek(WINDOWS)]
            given = outbox.append(counts(1))
        assert stored == list(range(stored[0], stored[-1] + 1))
        assert last <= stored[-1] <= last + 1
        assert given == stored[-1] + 1
        shutil.rmtree(folder)
