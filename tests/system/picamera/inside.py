"""Runs inside a Debian trixie with libcamera's virtual camera: our source on the real Picamera2.

`inside.py SCENARIO` prints "ok" or fails. Four crutches that a Raspberry Pi does not need: buffers
from memory files (dmaheap.c); libcamera's allocator, since the virtual camera wants a plane for
luminance and one for chroma; stubs of libraries for screens and raw files that Picamera2 imports;
and raw modes, which a virtual sensor does not have.
"""

from __future__ import annotations

import faulthandler
import gc
import itertools
import os
import signal
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from edge import cli
from edge.config import seen as config
from edge.errors import SourceError
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.runtime.capture import open_source
from edge.runtime.capture.picamera import PiCamera
from edge.runtime.capture.picamera_setup import BUFFERS
from edge.runtime.capture.watch import Watched
from tests.capture.footage import index_of, small_of

PICTURES = 8
"""Different ones that the virtual camera shows, as `picture(5 × i)`."""


class _Anything(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return self


def crutches() -> None:
    """Make Picamera2 start without a screen and without a raw sensor."""
    for name in ("kms", "pykms", "pidng", "pidng.camdefs", "pidng.core"):
        sys.modules[name] = _Anything(name)
    from picamera2 import Picamera2  # noqa: PLC0415 - after the stubs
    from picamera2.allocators import LibcameraAllocator  # noqa: PLC0415

    initialise = Picamera2.__init__

    def with_planes(self: Any, *arguments: Any) -> None:
        initialise(self, *arguments)
        self.allocator = LibcameraAllocator(self.camera)

    modes = [{"format": "SRGGB10", "size": (1920, 1080)}]
    Picamera2._get_raw_modes = lambda self: modes
    Picamera2.__init__ = with_planes


def number(model: str) -> int:
    """The camera of virtual.yaml; libcamera lists them in no certain order."""
    from picamera2 import Picamera2  # noqa: PLC0415

    models = [camera["Model"] for camera in Picamera2.global_camera_info()]
    return models.index(model)


def settings(**changes: Any) -> config.Source:
    defaults = {
        "uri": f"picamera:{number('Colours')}",
        "full_size_px": (1280, 720),
        "small_width_px": 320,
        "fps": 30,
        "stall_s": 3.0,
    }
    return config.Source(**(defaults | changes))


def open_files() -> int:
    """The least of some countings: the camera's own thread opens and closes all the time."""
    gc.collect()
    counts = []
    for _ in range(20):
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
        time.sleep(0.005)
    return min(counts)


def frames_of_both_streams() -> None:
    """Small and full are of one exposure, in BGR, in the order in which the camera gave them."""
    with open_source(settings()) as source:
        stamps: list[float] = []
        indices: set[int] = set()
        # Frames in between are lost whenever we are late, so it may take a while to see them all.
        while len(indices) < PICTURES and len(stamps) < 500:
            frame = source.read()
            assert small_of(frame).shape == (180, 320, 3), small_of(frame).shape
            assert (frame.full_width, frame.full_height) == (1280, 720)
            full = frame.full()
            assert full.shape == (720, 1280, 3), full.shape
            assert full[40, 40, 0] > 200 > full[40, 40, 2], full[40, 40]
            assert abs(index_of(small_of(frame)) - index_of(full)) <= 1
            stamps.append(frame.captured_s)
            indices.add(index_of(small_of(frame)))
            del full
            frame.release()
    assert all(a < b for a, b in itertools.pairwise(stamps))
    assert len(indices) == PICTURES, indices


def buffers_come_back() -> None:
    """Hundreds of frames, mapped or not, with a handful of buffers and no growing memory."""
    with open_source(settings()) as source:
        for count in range(200):
            frame = source.read()
            if count % 3 == 0:
                frame.full()
            frame.release()
            if count == 50:
                before = open_files()
        assert open_files() <= before
        assert source.restarts == 0


def stop_and_start_again() -> None:
    """Five times closed and opened in one process: frames each time, no file left open."""
    counts = []
    for _ in range(5):
        with open_source(settings()) as source:
            for _ in range(3):
                source.read().release()
        counts.append(open_files())
    assert max(counts[1:]) <= counts[1], counts


def a_frame_outlives_its_camera() -> None:
    """Released after `close`, it does no harm; its small picture is still right."""
    source = open_source(settings())
    frame = source.read()
    source.close()
    index = index_of(small_of(frame))
    frame.release()
    assert index_of(small_of(frame)) == index
    assert source.read() is None


def a_stall_is_noticed_and_mended() -> None:
    """With all buffers kept away the camera falls silent; it is opened again and goes on."""
    kept: list[Any] = []

    def give_back(_pause_s: float) -> None:
        # The virtual camera fails at random while an older buffer of it is out.
        while kept:
            kept.pop().release()

    chosen = settings(stall_s=2.0)
    open_camera = partial(PiCamera, number("Colours"), chosen)
    with Watched(open_camera, chosen, wait=give_back) as source:
        while not source.restarts:
            assert len(kept) <= BUFFERS
            kept.append(source.read())
        give_back(0)
        for _ in range(10):
            source.read().release()
        assert source.restarts == 1, source.restarts


def an_error_while_converting_gives_the_request_back() -> None:
    """A failing conversion is an error each time, and never uses up the buffers."""
    with PiCamera(number("Colours"), settings()) as source:
        lores = source._lores
        copied, lores.copied = lores.copied, lambda request: 1 / 0
        for _ in range(12):
            try:
                source.read()
            except ZeroDivisionError:
                continue
            raise AssertionError("no error")
        lores.copied = copied
        source.read().release()


def a_second_user_finds_it_busy() -> None:
    """The camera belongs to one; the sentence says so."""
    with PiCamera(number("Colours"), settings()) as first:
        first.read().release()
        try:
            PiCamera(number("Colours"), settings())
        except SourceError as error:
            assert "in use by another program" in str(error), error
        else:
            raise AssertionError("opened twice")


def a_wrong_number_is_named() -> None:
    """The cameras that exist are listed."""
    try:
        open_source(settings(uri="picamera:5"))
    except SourceError as error:
        assert "there is no camera 5; there are: 0 (" in str(error), error
    else:
        raise AssertionError("opened a camera that is not there")


def a_region_needs_a_camera_that_can_cut() -> None:
    """The virtual camera cannot: it is refused instead of ignored, and the camera is free again."""
    try:
        open_source(settings(region=(0, 0, 0.5, 1)))
    except SourceError as error:
        assert "leave source.region unset" in str(error), error
    else:
        raise AssertionError("a region was ignored")
    with open_source(settings()) as source:
        source.read().release()


def a_camera_on_its_side() -> None:
    """Both streams are turned. (The virtual camera claims to flip and does not, so 180 is out.)"""
    with open_source(settings(rotate_deg=90)) as source:
        frame = source.read()
        assert small_of(frame)[20, -20, 0] > 200 > small_of(frame)[20, -20, 2]
        assert frame.full()[20, -20, 0] > 200
        assert frame.full().shape == (1280, 720, 3) == (frame.full_height, frame.full_width, 3)
        frame.release()


def closing_while_reading() -> None:
    """A thread that waits for a frame is let go by `close` from another."""
    source = open_source(settings(stall_s=30))
    kept: list[Any] = []
    over = threading.Event()

    def read() -> None:
        while (frame := source.read()) is not None:
            kept.append(frame)
        over.set()

    threading.Thread(target=read).start()
    time.sleep(1)  # no buffer is left by now: the thread waits
    assert 2 <= len(kept) <= BUFFERS, len(kept)
    source.close()
    assert over.wait(10)
    for frame in kept:
        frame.release()


def the_whole_program() -> None:
    """`vision` on the camera until a signal: whoever is in view is counted."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = {
            "source.uri": f"picamera:{number('People')}",
            "source.full_size_px": "[480, 270]", "source.fps": "30",
            "window.length_s": "2", "detector.model": "near",
            "paths.state": folder, "paths.runtime": folder,
        }  # fmt: skip
        threading.Timer(8, os.kill, (os.getpid(), signal.SIGTERM)).start()
        settings = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
        try:
            cli.main(["vision", *settings])
        except SystemExit as end:
            assert end.code == 0, end.code
        outbox = Outbox(Path(folder) / FILE_NAME, owner=False)
        windows = outbox.peek(100)
    assert len(windows) >= 3, windows
    assert sum(window.frames_seen for window in windows) > 50
    assert sum(window.people for window in windows) >= 1, windows


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        frames_of_both_streams,
        buffers_come_back,
        stop_and_start_again,
        a_frame_outlives_its_camera,
        a_stall_is_noticed_and_mended,
        an_error_while_converting_gives_the_request_back,
        a_second_user_finds_it_busy,
        a_wrong_number_is_named,
        a_region_needs_a_camera_that_can_cut,
        a_camera_on_its_side,
        closing_while_reading,
        the_whole_program,
    )
}


def main(name: str) -> None:
    """Run one scenario; each has a process of its own, since libcamera keeps state."""
    crutches()
    faulthandler.dump_traceback_later(60, exit=True)
    SCENARIOS[name]()
    print("ok")


if __name__ == "__main__":
    main(sys.argv[1])
