"""Somebody who may write into the runtime folder lies at the door before vision starts."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.messages.aim import AIM_SOCKET, Aim
from edge.messages.aim_door import AimDoor, AimLine, ShutDoor, aim_door
from tests.main_job.program import run

Occupy = Callable[[Path, ExitStack], object]


def listen(door: Path, stack: ExitStack) -> None:
    stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind(str(door))


def listen_for_streams(door: Path, stack: ExitStack) -> None:
    there = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    there.bind(str(door))
    there.listen()


def lead_elsewhere(door: Path, _stack: ExitStack) -> None:
    kept = door.with_name("kept")
    kept.write_text("not to be touched")
    door.symlink_to(kept)


GIVE_WAY: list[Occupy] = [
    listen,
    listen_for_streams,
    lead_elsewhere,
    lambda door, _: door.symlink_to("nowhere"),
    lambda door, _: door.write_text("a file"),
]
STAY: list[Occupy] = [lambda door, _: (door / "full").mkdir(parents=True)]


@pytest.fixture
def stack():
    with ExitStack() as held:
        yield held


@pytest.mark.parametrize("occupy", GIVE_WAY)
def test_what_lies_there_gives_way(tmp_path, stack, occupy):
    """Vision has its door, and what a link led to is as before."""
    occupy(tmp_path / AIM_SOCKET, stack)
    door = stack.enter_context(aim_door(tmp_path))
    assert isinstance(door, AimDoor)
    stack.enter_context(AimLine(tmp_path, Aim(seconds=9)))
    assert [asked.record for asked in door.receive()] == [Aim(seconds=9)]
    assert all(kept.read_text() == "not to be touched" for kept in tmp_path.glob("kept"))


@pytest.mark.parametrize("occupy", STAY)
def test_what_cannot_give_way_shuts_the_door_alone(tmp_path, stack, caplog, occupy):
    """Nobody is shown anything, and the log says why."""
    occupy(tmp_path / AIM_SOCKET, stack)
    with aim_door(tmp_path) as door:
        assert isinstance(door, ShutDoor)
        assert door.receive() == []
    assert f"nobody can aim: paths.runtime = {tmp_path}" in caplog.text


def test_who_takes_the_path_later_keeps_vision_from_no_end(tmp_path, stack):
    """Nor does vision remove what is not its own socket by force."""
    door = aim_door(tmp_path)
    (tmp_path / AIM_SOCKET).unlink()
    STAY[0](tmp_path / AIM_SOCKET, stack)
    door.close()


@pytest.mark.parametrize("occupy", [listen, *STAY])
def test_vision_counts_all_the_same(demo_clip, tmp_path, stack, occupy):
    """As a program, from its start to the end of a recording."""
    occupy(tmp_path / AIM_SOCKET, stack)
    place = ("--state-dir", tmp_path / "state", "--set", f"paths.runtime={tmp_path}")
    done = run("run", "--source", demo_clip, "--sink", "stdout", "--until-end", *place)
    assert done.returncode == 0, done.stderr
    assert '"people":' in done.stdout
