"""Who is shown boxes: attacks on the door between vision and `aim`."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from edge.config.people import Tracking
from edge.config.told import Privacy
from edge.errors import ConfigError, UserError
from edge.messages import request_door
from edge.messages.aim import AIM_SOCKET, Aim, Applied, Apply, Refused, Sight
from edge.messages.aim_door import AimDoor, AimLine
from edge.messages.request_door import REQUESTS_MAX
from edge.runtime.frame import Frame
from edge.vision import aiming as vision_aiming
from edge.vision.aiming import Aiming

SMALL = np.full((90, 160, 3), 120, np.uint8)
FRAME = Frame(0, 0.0, SMALL, 320, 180, lambda: SMALL)
EVERYBODY = 0o777
NOBODY = 65_534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


class Vision:
    """The part of vision that aiming needs; a fake only of the loop and of who is in view."""

    def __init__(self, folder: Path, apply=lambda _places: None, **privacy) -> None:
        self.door = AimDoor(folder)
        self.loop = SimpleNamespace(paused=False, watcher=None)
        people = SimpleNamespace(tracks=())
        settings = Privacy(**privacy), Tracking()
        self.aiming = Aiming(self.door, self.loop, people, settings, apply)  # type: ignore[arg-type]

    def step(self, frames: int = 1) -> None:
        self.aiming.tick()
        for _ in range(frames):
            if self.loop.watcher:
                self.loop.watcher(FRAME)

    def close(self) -> None:
        self.aiming.close()
        self.door.close()


@pytest.fixture
def vision(tmp_path):
    with ExitStack() as stack:

        def begin(**more) -> Vision:
            made = Vision(tmp_path, **more)
            stack.callback(made.close)
            return made

        yield begin


def as_user(number: int, ask) -> str:
    """What `ask` returns in a process of that user."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
            os.write(writing, ask().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(child, 0)
    return text


def test_who_asks_is_shown_the_view_until_they_leave(vision, tmp_path):
    """And then nothing is kept, nor looked at."""
    seeing = vision()
    with AimLine(tmp_path, Aim(seconds=60)) as line:
        seeing.step()
        told = line.receive(5)
        assert isinstance(told, Sight)
        assert (told.width, told.height) == (320, 180)
        assert seeing.aiming.active
    seeing.aiming._shown_s = 0.0
    seeing.step()
    assert not seeing.aiming.active
    assert seeing.loop.watcher is None
    assert not hasattr(seeing.aiming, "_sights")


def test_it_ends_by_itself_and_looks_no_oftener_than_it_may(vision, tmp_path, monkeypatch):
    """Of a hundred frames in no time one is shown."""
    seeing = vision()
    with AimLine(tmp_path, Aim(seconds=60)) as line:
        seeing.step(frames=100)
        assert isinstance(line.receive(5), Sight)
        assert line.receive(0) is None
        monkeypatch.setattr(
            vision_aiming.time, "monotonic", lambda now=vision_aiming.time.monotonic: now() + 61
        )
        seeing.step()
        assert line.receive(5) == Refused(error="the time is over")
        with pytest.raises(UserError, match="vision has ended"):
            line.receive(5)


def test_info_says_so_however_short_it_was(vision, tmp_path):
    """Vision says who it is every few seconds; an aiming of one second lies between."""
    seeing = vision()
    assert not seeing.aiming.tell()
    with AimLine(tmp_path, Aim(seconds=1)):
        seeing.step()
    seeing.aiming._shown_s = 0.0
    seeing.step()
    assert not seeing.aiming.active
    assert [seeing.aiming.tell(), seeing.aiming.tell()] == [True, False]


@pytest.mark.parametrize("privacy", [{"k": 5}, {"k": 1, "epsilon": 1.0}], ids=["k", "noise"])
@needs_root
def test_only_root_is_shown_where_messages_may_not_tell_of_one(vision, tmp_path, privacy):
    """By what the kernel says, not the file's mode alone: that is opened here on purpose."""
    seeing = vision(**privacy)
    for path in (tmp_path, *tmp_path.parents[:-2]):
        path.chmod(EVERYBODY)
    door = tmp_path / AIM_SOCKET

    def ask() -> str:
        try:
            with AimLine(tmp_path, Aim(seconds=9)) as line:
                return type(line.receive(0.3)).__name__
        except UserError as error:
            return str(error)

    assert stat.S_IMODE(door.stat().st_mode) == 0o600
    assert "only root, or the user of vision, may aim" in as_user(NOBODY, ask)
    door.chmod(EVERYBODY)
    assert as_user(NOBODY, ask) == "NoneType"
    seeing.step()
    assert not seeing.aiming.active
    with AimLine(tmp_path, Aim(seconds=9)) as line:
        seeing.step()
        assert isinstance(line.receive(5), Sight)


def test_a_paused_camera_shows_nothing_and_a_pause_ends_it(vision, tmp_path):
    """The privacy pause is stronger."""
    seeing = vision()
    with AimLine(tmp_path, Aim(seconds=9)) as line:
        seeing.step()
        assert isinstance(line.receive(5), Sight)
        seeing.loop.paused = True
        seeing.step()
        told = line.receive(5)
        assert isinstance(told, Refused)
        assert told.error.startswith("paused")
    with AimLine(tmp_path, Aim(seconds=9)) as line:
        seeing.step()
        assert isinstance(line.receive(5), Refused)


def test_one_looks_at_a_time(vision, tmp_path):
    """The earlier is told why it ended."""
    seeing = vision()
    with AimLine(tmp_path, Aim(seconds=9)) as one, AimLine(tmp_path, Aim(seconds=9)) as other:
        seeing.step()
        assert one.receive(5) == Refused(error="somebody else aims now")
        assert isinstance(other.receive(5), Sight)


def test_the_configuration_is_read_again_for_who_may_aim(vision, tmp_path):
    """What is wrong with it comes back as a sentence."""

    def wrong(_places: str) -> None:
        raise ConfigError("space.zones[0].name: expected …")

    for apply, answer in (
        (lambda _places: None, Applied()),
        (wrong, Refused(error="space.zones[0].name: expected …")),
    ):
        seeing = Vision(tmp_path, apply)
        with AimLine(tmp_path, Apply(places="0" * 12)) as line:
            seeing.step()
            assert line.receive(5) == answer
        seeing.close()


def given(tmp_path: Path, content: bytes, descriptors: list[int]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        asking.connect(str(tmp_path / AIM_SOCKET))
        socket.send_fds(asking, [content], descriptors)


def test_what_makes_no_sense_is_nothing_and_leaves_nothing_open(vision, tmp_path):
    """Garbage, no socket to answer to, a file, a network's socket, many of them, other records."""
    seeing = vision()
    right = msgspec.msgpack.encode(Aim(seconds=9))
    network, (ours, theirs) = socket.socket(), socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with open("/dev/null") as file, network, ours, theirs:  # noqa: PTH123
        before = len(list(Path("/proc/self/fd").iterdir()))
        for content, descriptors in [
            (right, []),
            (right, [file.fileno()]),
            (right, [network.fileno()]),
            (right, [theirs.fileno()]),
            (right, [file.fileno()] * 3),
            (right, [file.fileno()] * 50),
            (b"\xc1" * 10, [file.fileno()]),
            (b"", [file.fileno()]),
            (msgspec.msgpack.encode({"type": "aim", "seconds": 10**9}), [theirs.fileno()]),
            (msgspec.msgpack.encode({"type": "aim", "seconds": 9, "more": 1}), [theirs.fileno()]),
            (msgspec.msgpack.encode(Refused(error="")), [theirs.fileno()]),
        ]:
            given(tmp_path, content, descriptors)
        seeing.step()
        assert not seeing.aiming.active
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_flood_keeps_vision_from_nothing(vision, tmp_path):
    """At each step only so many are looked at, whatever they are; the next in turn is answered."""
    seeing = vision()
    asked = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking, suppress(BlockingIOError):
        asking.setblocking(False)
        asking.connect(str(tmp_path / AIM_SOCKET))
        while asked < 1_000:
            asking.send(b"junk")
            asked += 1
    assert asked > REQUESTS_MAX
    assert seeing.door.receive() == []
    line: AimLine | None = None
    for _ in range(asked // REQUESTS_MAX + 1):
        line = line or AimLine(tmp_path, Aim(seconds=9))
        seeing.step()
    with line:
        assert isinstance(line.receive(5), Sight)


def test_a_vision_that_hangs_is_a_sentence(vision, tmp_path, monkeypatch):
    """Whoever asks does not wait for ever for room in its door."""
    vision()
    monkeypatch.setattr(request_door, "CONNECT_S", 0.1)
    with pytest.raises(UserError, match="takes no request"), ExitStack() as asked:
        for _ in range(100_000):
            asked.enter_context(AimLine(tmp_path, Aim(seconds=9)))


@pytest.mark.parametrize("told", [b"", b"\xc1", b"\xff" * 60_000, "no size"])
def test_who_sits_at_the_door_in_its_place_confuses_nobody(tmp_path, told):
    """The publisher, who may write into the folder, taken over: no traceback, no escape codes."""
    here = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sight = {"type": "sight", "width": 0, "height": 0}
    with here:
        here.bind(str(tmp_path / AIM_SOCKET))
        with AimLine(tmp_path, Aim(seconds=9)) as line:
            _, (number,), _, _ = socket.recv_fds(here, 1_000, 1)
            with socket.socket(fileno=number) as there:
                there.send(msgspec.msgpack.encode(sight) if told == "no size" else told)
                with pytest.raises(UserError):
                    line.receive(5)


def test_without_a_vision_there_is_a_sentence(tmp_path):
    """Also where one left its socket behind."""
    with pytest.raises(UserError, match="no vision is running"):
        AimLine(tmp_path, Aim(seconds=1))
    AimDoor(tmp_path)._socket.close()
    with pytest.raises(UserError, match="no vision is running"):
        AimLine(tmp_path, Aim(seconds=1))
