"""A damaged outbox: set aside, read as far as it goes, and no number ever given twice."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.outbox import Outbox
from tests.publish.support import counts


def test_a_corrupt_file_is_set_aside_and_counting_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unreadable file is renamed, said so, and no number of it is ever given again."""
    path = tmp_path / "o.sqlite"
    with Outbox(path) as outbox:
        last = [outbox.append(counts(i)) for i in range(50)][-1]
    path.write_bytes(os.urandom(path.stat().st_size))
    with Outbox(path) as outbox:
        assert outbox.append(counts(51)) > last
        assert outbox.kept("set_aside") == 1
    assert len(list(tmp_path.glob("o.sqlite.corrupt-*"))) == 1
    assert "set aside" in caplog.text


def test_what_can_be_read_of_a_damaged_file_is_taken_along(tmp_path: Path) -> None:
    """A page damaged in the middle costs at most the windows behind it, and no number."""
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
        kept = [w.seq for w in outbox.peek(1000)]
        assert (outbox.kept("paused"), outbox.kept("set_aside")) == (1, 1)
    assert new == last + 1
    assert kept[0] == 1
    assert kept[-1] == new
    assert len(kept) > 100


def test_corruption_while_running_is_survived_by_both_sides(tmp_path: Path) -> None:
    """The owner replaces the file under the publisher's hands, which follows to the new one."""
    path = tmp_path / "o.sqlite"
    owner, reader = Outbox(path), Outbox(path, owner=False)
    first = owner.append(counts(1))
    assert [w.seq for w in reader.peek(9)] == [first]
    for suffix in ("", "-wal"):
        broken = Path(f"{path}{suffix}")
        broken.write_bytes(os.urandom(broken.stat().st_size))
    owner._file.close()
    second = owner.append(counts(2))
    assert second > first
    assert second in [w.seq for w in reader.peek(9)]
    reader.close()
    owner.close()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9), places=st.integers(1, 30), length=st.integers(1, 2000))
def test_damage_anywhere_is_survived(
    tmp_path_factory: pytest.TempPathFactory, seed: int, places: int, length: int
) -> None:
    """Random bytes in random places: no error, and no number is given a second time."""
    random = Random(seed)
    path = tmp_path_factory.mktemp("damaged") / "o.sqlite"
    with Outbox(path) as outbox:
        for minute in range(60):
            last = outbox.append(counts(minute))
        outbox.remove(range(1, 31))
    with path.open("r+b") as file:
        for _ in range(places):
            file.seek(random.randrange(path.stat().st_size))
            file.write(random.randbytes(length))
    with Outbox(path) as outbox, Outbox(path, owner=False) as reader:
        given_next = [outbox.append(counts(61)) or outbox.append(counts(61)) for _ in range(2)]
        assert given_next[0] > last
        assert given_next[1] == given_next[0] + 1
        waiting = reader.peek(200)
        assert reader.remove([w.seq for w in waiting])
        assert given_next[-1] in [w.seq for w in waiting]
