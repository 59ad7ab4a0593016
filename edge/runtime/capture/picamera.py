"""A Raspberry Pi camera through Picamera2: two streams of one exposure, scaled by the ISP.

`main` is what crops are cut from, mapped only when a face needs it; `lores` is what the detector
sees. One configuration lives as long as the camera is open: configuring again fragments the
contiguous memory (CMA) until there is none left.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack
from typing import Any, TypeAlias

import numpy as np

from edge.config import seen as config
from edge.errors import SourceError
from edge.runtime.capture import light
from edge.runtime.capture import picamera_setup as setup
from edge.runtime.capture.pixels import CONVERTED, FORMATS, as_bgr, brightness
from edge.runtime.capture.rate import ArrivalRate
from edge.runtime.capture.source import Source, shrunk, shrunk_size
from edge.runtime.capture.view import View
from edge.runtime.frame import Frame, Image

_POLL_S = 0.2
"""How soon a waiting `read` notices that it is over."""

Turn: TypeAlias = Callable[[Image], Image]


class PiCamera(Source):
    """One camera of a Raspberry Pi, by its number. SourceError where it cannot be had."""

    live = True

    def __init__(
        self, number: int, settings: config.Source, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._library = library()
        self._settings = settings
        self._clock = clock
        self._sequence = 0
        faster = light.sensor_fps(settings) > settings.fps
        self._wanted = ArrivalRate(settings.fps, clock) if faster else None
        self._closing = threading.Event()
        self._reading = threading.Lock()
        self._job: Any = None
        self._camera = _open(self._library, number)
        try:
            self._start()
        except Exception as error:
            self._camera.close()
            raise SourceError(f"the camera {number} cannot be started: {error}") from error

    def read(self) -> Frame | None:
        """The next frame; SourceError if none comes within `stall_s`."""
        with self._reading:
            request = self._wanted_request()
            if request is None:
                return None
            try:
                return self._frame(request)
            except BaseException:
                request.release()
                raise

    def close(self) -> None:
        """Stop the camera and give it back."""
        if self._closing.is_set():
            return
        self._closing.set()
        with self._reading:
            # Picamera2's stop() waits in one queue with our capture, which after a stall is for
            # ever; close() stops the camera without the queue.
            self._camera.cancel_all_and_flush()
            try:
                self._take_back()
            finally:
                self._camera.close()

    def _start(self) -> None:
        camera = self._camera
        camera.configure(setup.configuration(camera, self._settings))
        camera.set_controls(setup.controls(camera, self._settings))
        # The driver may have adjusted what was asked for.
        streams = camera.camera_configuration()
        turned = setup.turned_by_isp(self._settings, streams["transform"])
        turn: Turn = _as_it_is if turned else View(self._settings).upright
        self._main = _Stream(self._library, "main", streams["main"], turn)
        self._lores = _Stream(self._library, "lores", streams["lores"], turn)
        camera.start()

    def _wanted_request(self) -> Any:
        """A completed request, as often as `fps` says; the sensor may run faster, for the light."""
        while (request := self._request()) is not None:
            if self._wanted is None or self._wanted():
                return request
            request.release()
        return None

    def _request(self) -> Any:
        """A completed request, which the caller must release; None after `close`."""
        since_s = self._clock()
        while not self._closing.is_set():
            if self._job is None:
                self._job = self._camera.capture_request(wait=False)
            try:
                request = self._job.get_result(timeout=_POLL_S)
            except (TimeoutError, FutureTimeout):
                waited_s = self._clock() - since_s
                if waited_s >= self._settings.stall_s:
                    raise SourceError(f"the camera gave no frame for {waited_s:.0f} s") from None
                continue
            self._job = None
            return request
        return None

    def _take_back(self) -> None:
        """Release the request of a job that was finished when nobody waited any more."""
        job, self._job = self._job, None
        if job is None:
            return
        try:
            request = job.get_result(timeout=_POLL_S)
        except Exception:  # cancelled or never finished
            return
        request.release()

    def _frame(self, request: Any) -> Frame:
        captured_s = self._clock()
        seen = _Negative(self._lores, request, self._settings.small_width_px)
        lent = _Lent(request, self._main)
        width, height = self._main.size
        if self._settings.rotate_deg in (90, 270):
            width, height = height, width
        self._sequence += 1
        return Frame(
            sequence=self._sequence - 1,
            captured_s=captured_s,
            small=seen.small,
            full_width=width,
            full_height=height,
            full=lent.full,
            release=lent.release,
            luma=seen.luma,
            develop=seen.develop,
        )


class _Stream:
    """One of the two streams: how its buffers become upright BGR pictures."""

    def __init__(self, library: Any, name: str, stream: Mapping[str, Any], turn: Turn) -> None:
        self.size: setup.Size = stream["size"]
        self.turn = turn
        self._library = library
        self._name = name
        self._format: str = stream["format"]
        if self._format not in FORMATS:
            known = ", ".join(FORMATS)
            raise ValueError(f"its stream {name} has the format {self._format}, not {known}")

    def mapped(self, request: Any, until: ExitStack) -> Image:
        """The buffer's own memory if it is BGR and upright, valid until `until` is closed."""
        mapping = until.enter_context(self._library.MappedArray(request, self._name))
        return self.picture(mapping.array)

    def picture(self, buffer: Image) -> Image:
        """A buffer as an upright BGR picture."""
        return self.turn(as_bgr(buffer, self._format, self.size))

    @property
    def converted(self) -> bool:
        """Whether a buffer begins with the brightness and becomes BGR by a conversion."""
        return self._format in CONVERTED

    def copied(self, request: Any) -> Image:
        """The buffer as it is, in memory of our own, so that it outlives the request."""
        with ExitStack() as mapping:
            mapped = mapping.enter_context(self._library.MappedArray(request, self._name))
            return np.array(mapped.array)


class _Negative:
    """What the small stream gave: its brightness at once, its colours when they are asked for.

    Turning it into BGR costs four times as much as keeping it.
    """

    def __init__(self, stream: _Stream, request: Any, width_px: int) -> None:
        self._stream = stream
        self._width_px = width_px
        self._buffer = stream.copied(request)
        if not stream.converted:
            self.small = shrunk(stream.picture(self._buffer), width_px)
            self.luma: Callable[[], Image] | None = None
            return
        seen = stream.turn(brightness(self._buffer, stream.size))
        self.luma = lambda: seen
        width, height = shrunk_size(seen.shape[1], seen.shape[0], width_px)
        self.small = np.empty((height, width, 3), np.uint8)
        self._developed = False

    def develop(self) -> None:
        """Fill `small`; once is enough."""
        if self.luma is not None and not self._developed:
            self._developed = True
            self.small[:] = shrunk(self._stream.picture(self._buffer), self._width_px)


class _Lent:
    """A request of the camera; its full picture is mapped when it is first asked for."""

    def __init__(self, request: Any, stream: _Stream) -> None:
        self._request = request
        self._stream = stream
        self._mapping = ExitStack()
        self._picture: Image | None = None

    def full(self) -> Image:
        """The main stream's own memory, height × width × 3 BGR; copied only to be turned."""
        if self._request is None:
            raise RuntimeError("the frame was released")
        if self._picture is None:
            self._picture = self._stream.mapped(self._request, self._mapping)
        return self._picture

    def release(self) -> None:
        """Hand the buffers back to the camera."""
        request, self._request, self._picture = self._request, None, None
        if request is None:
            return
        try:
            self._mapping.close()
        finally:
            request.release()


def _as_it_is(picture: Image) -> Image:
    return picture


def library() -> Any:
    """The picamera2 module. It comes with the system, never from a package index."""
    try:
        import picamera2  # noqa: PLC0415 - exists only on a Raspberry Pi
    except ImportError as error:
        raise SourceError(
            f"the camera needs Picamera2, which cannot be imported ({error}): "
            "apt install python3-picamera2, and a venv with --system-site-packages"
        ) from error
    except ValueError as error:  # "numpy.dtype size changed, may indicate binary incompatibility"
        raise SourceError(
            f"the camera needs Picamera2, which another numpy than apt's breaks ({error}): "
            "pip uninstall numpy in the virtual environment"
        ) from error
    # At our own level it tells each step of configuring and closing.
    logging.getLogger("picamera2").setLevel(logging.WARNING)
    return picamera2


def _open(library: Any, number: int) -> Any:
    cameras = library.Picamera2.global_camera_info()
    if not cameras:
        raise SourceError("no camera is connected: check the cable, then `rpicam-hello --list`")
    if number >= len(cameras):
        names = ", ".join(f"{i} ({c.get('Model', '?')})" for i, c in enumerate(cameras))
        raise SourceError(f"there is no camera {number}; there are: {names}")
    try:
        return library.Picamera2(number)
    except (RuntimeError, IndexError) as error:
        # Picamera2 replaces every reason by the same sentence; the reason is its context.
        reason = error.__context__ or error
        raise SourceError(
            f"the camera {number} cannot be opened, is it in use by another program? ({reason})"
        ) from error
