"""A live camera that stalls, is lost, comes back."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable

import pytest

from edge.config import tables as config
from edge.errors import SourceError, SourceLostError
from edge.runtime.capture.source import Source, framed
from edge.runtime.capture.view import View
from edge.runtime.capture.watch import Watched
from edge.runtime.frame import Frame
from tests.capture.footage import picture

SETTINGS = config.Source(stall_s=5, give_up_s=60)


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.waits_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def wait(self, duration_s: float) -> None:
        self.waits_s.append(duration_s)
        self.now_s += duration_s


class Camera(Source):
    """Gives a number of frames and then stalls for `stall_s`, as real devices do."""

    live = True

    def __init__(self, clock: Clock, frames: int, ending: str = "stall") -> None:
        self.clock, self.frames, self.ending = clock, frames, ending
        self.closed = 0

    def read(self) -> Frame | None:
        assert not self.closed
        if self.frames == 0:
            if self.ending == "end":
                return None
            self.clock.now_s += SETTINGS.stall_s
            raise SourceError("the camera gave no frame for 5 s")
        self.frames -= 1
        self.clock.now_s += 0.1
        view = View(SETTINGS)
        return framed(picture(0, 8, 8), view, 0, self.clock.now_s, 640)

    def close(self) -> None:
        self.closed += 1


def watched(clock: Clock, devices: list[Camera | SourceError]) -> Watched:
    """A source whose openings give these devices, or fail, one after the other."""

    def open_next() -> Source:
        device = devices[min(next(count), len(devices) - 1)]
        if isinstance(device, SourceError):
            raise device
        return device

    count = itertools.count()
    return Watched(open_next, SETTINGS, clock, clock.wait)


def read(source: Source, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


@pytest.mark.parametrize("ending", ["stall", "end"])
def test_a_camera_that_stops_is_closed_and_opened_again(ending: str):
    """Frames go on, numbered and timed as if nothing had happened; the restart is counted."""
    clock = Clock()
    first, second = Camera(clock, 3, ending), Camera(clock, 3)
    source = watched(clock, [first, second])
    frames = read(source, 6)
    assert [frame.sequence for frame in frames] == list(range(6))
    assert all(a.captured_s < b.captured_s for a, b in itertools.pairwise(frames))
    assert first.closed == 1
    assert source.restarts == 1


def test_an_unplugged_camera_comes_back_when_it_is_plugged_again(
    caplog: pytest.LogCaptureFixture,
):
    """Opening is tried again with growing pauses; each attempt is counted and said."""
    clock = Clock()
    gone = SourceError("there is no camera /dev/video0; there is no other")
    source = watched(clock, [Camera(clock, 1), gone, gone, gone, Camera(clock, 2)])
    with caplog.at_level(logging.INFO):
        assert len(read(source, 3)) == 3
    assert source.restarts == 4
    assert clock.waits_s == [0.5, 1, 2, 5]
    assert "there is no camera /dev/video0" in caplog.text
    assert "gives frames again" in caplog.text


def test_pauses_start_anew_after_a_frame():
    """A camera that works in between is not punished for what was before."""
    clock = Clock()
    source = watched(clock, [Camera(clock, 1), Camera(clock, 1), Camera(clock, 1)])
    read(source, 3)
    assert clock.waits_s == [0.5, 0.5]


def test_it_gives_up_in_the_end_and_says_how_long_it_tried():
    """After `give_up_s` without a frame the process is to be started again: SourceLostError."""
    clock = Clock()
    gone = SourceError("the camera /dev/video0 is busy")
    source = watched(clock, [Camera(clock, 1), gone])
    read(source, 1)
    began_s = clock.now_s
    with pytest.raises(SourceLostError, match=r"no frame for \d+ s.*is busy") as error:
        source.read()
    assert SETTINGS.give_up_s <= clock.now_s - began_s <= SETTINGS.give_up_s + 15
    assert error.value.status != SourceError.status


def test_a_camera_that_opens_but_never_gives_a_frame_is_given_up_too():
    """What counts is frames, not that opening succeeds."""
    clock = Clock()
    source = watched(clock, [Camera(clock, 0) for _ in range(50)])
    with pytest.raises(SourceLostError):
        source.read()


def test_the_first_opening_is_not_retried():
    """A wrong address is named at once instead of being tried for a minute."""
    clock = Clock()
    with pytest.raises(SourceError, match="no camera"):
        watched(clock, [SourceError("there is no camera 7")])
    assert clock.waits_s == []


def test_closing_ends_a_waiting_read():
    """`close` from another thread interrupts the pause before the next attempt."""
    clock = Clock()
    devices: list[Source | SourceError] = [Camera(clock, 0), SourceError("gone")]
    waiting = threading.Event()

    def open_next() -> Source:
        device = devices.pop(0) if len(devices) > 1 else devices[0]
        if isinstance(device, SourceError):
            waiting.set()
            raise device
        return device

    source = Watched(open_next, config.Source(give_up_s=3600))
    result: list[Frame | None] = []
    thread = threading.Thread(target=lambda: result.append(source.read()))
    thread.start()
    assert waiting.wait(10)
    source.close()
    thread.join(10)
    assert result == [None]


def test_a_device_opened_while_closing_is_closed():
    """If `close` comes in the middle of opening, the fresh device is given back."""
    clock = Clock()
    late = Camera(clock, 5)
    openings: list[Callable[[], Source]] = []

    def open_first() -> Source:
        return Camera(clock, 0)

    def open_late() -> Source:
        source.close()
        return late

    def open_next() -> Source:
        return openings.pop(0)()

    openings += [open_first, open_late]
    source = Watched(open_next, SETTINGS, clock, clock.wait)
    late.read = lambda: None  # type: ignore[method-assign] # closed devices give nothing
    assert source.read() is None
    assert late.closed == 1
