"""A damaged outbox: set aside, read as far as it goes, and no number ever given twice."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.outbox.outbox import Outbox
from tests.publish.support import counts


def test_a_corrupt_file_is_set_aside_and_counting_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unreadable file is renamed, said so, and its numbering is never used again."""
    path = tmp_path / "o.sqlite"
    with Outbox(path) as outbox:
        for minute in range(50):
            outbox.append(counts(minute))
        before = outbox.numbering()
    path.write_bytes(os.urandom(path.stat().st_size))
    with Outbox(path) as outbox:
        assert outbox.append(counts(51)) == 1
        assert outbox.numbering() != before
        assert outbox.kept("set_aside") == 1
    assert len(list(tmp_path.glob("o.sqlite.corrupt-*"))) == 1
    assert "set aside" in caplog.text


def test_what_can_be_read_of_a_damaged_file_is_taken_along(tmp_path: Path) -> None:
    """A page damaged in the middle costs at most the windows behind it.

    Their numbers are sent all the same, as lost.
    """
    path = tmp_path / "o.sqlite"
    with Outbox(path) as outbox:
        outbox.keep("paused", 1)
        for minute in range(400):
            last = outbox.append(counts(minute))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(8192))
    with Outbox(path) as outbox:
        new = outbox.append(counts(401))
        waiting = outbox.peek(1000)
        kept = [w.seq for w in waiting]
        saved = [w.seq for w in waiting if not w.lost]
        assert (outbox.kept("paused"), outbox.kept("set_aside")) == (1, 1)
    assert new == last + 1
    assert kept == list(range(1, new + 1))
    assert 100 < len(saved) < len(kept)
    assert len({w.numbering for w in waiting}) == 1


def test_corruption_while_running_is_survived_by_both_sides(tmp_path: Path) -> None:
    """The owner replaces the file under the publisher's hands, which follows to the new one."""
    path = tmp_path / "o.sqlite"
    owner, reader = Outbox(path), Outbox(path, owner=False)
    first = owner.append(counts(1))
    assert [w.seq for w in reader.peek(9)] == [first]
    before = owner.numbering()
    for suffix in ("", "-wal"):
        broken = Path(f"{path}{suffix}")
        broken.write_bytes(os.urandom(broken.stat().st_size))
    owner._file.close()
    second = owner.append(counts(2))
    keys = [(w.numbering, w.seq) for w in reader.peek(9)]
    assert second > 0
    assert (owner.numbering(), second) in keys
    assert owner.numbering() != before
    reader.close()
    owner.close()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9), places=st.integers(1, 30), length=st.integers(1, 2000))
def test_damage_anywhere_is_survived(
    tmp_path_factory: pytest.TempPathFactory, seed: int, places: int, length: int
) -> None:
    """Random bytes in random places: no error, and no window's key is given a second time."""
    random = Random(seed)
    path = tmp_path_factory.mktemp("damaged") / "o.sqlite"
    with Outbox(path) as outbox:
        for minute in range(60):
            outbox.append(counts(minute))
        before = {(w.numbering, w.seq) for w in outbox.peek(99)}
        outbox.remove(range(1, 31))
    with path.open("r+b") as file:
        for _ in range(places):
            file.seek(random.randrange(path.stat().st_size))
            file.write(random.randbytes(length))
    with Outbox(path) as outbox, Outbox(path, owner=False) as reader:
        numbers = [outbox.append(counts(61)) or outbox.append(counts(61)) for _ in range(2)]
        assert numbers[1] == numbers[0] + 1
        waiting = reader.peek(200)
        keys = {(outbox.numbering(), number) for number in numbers}
        assert not before & keys
        assert keys <= {(w.numbering, w.seq) for w in waiting}
        assert reader.remove([w.seq for w in waiting])
