"""A USB camera, or any other that the kernel offers as /dev/videoN."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import cv2

from edge.config import seen as config
from edge.config.address import Address
from edge.errors import SourceError
from edge.runtime.capture import light
from edge.runtime.capture import v4l2_device as kernel
from edge.runtime.capture.opencv import CaptureSource

log = logging.getLogger("capture")


class Usb:
    """The N-th USB camera, and the same one again whenever it is opened anew.

    They are counted in the order of their sockets. Which one is meant is settled at the first
    opening: later that one is waited for, so that no other takes its place unnoticed.
    """

    def __init__(self, number: int, settings: config.Source) -> None:
        self._number = number
        self._settings = settings
        self._known: tuple[Path, ...] = ()

    def __call__(self) -> CaptureSource:
        """Open it; SourceError if it is not there."""
        if not self._known:
            self._known = links_of(self._number)
            self._say_which()
        there = next((link for link in self._known if link.exists()), self._known[-1])
        return open_camera(there, self._settings)

    def _say_which(self) -> None:
        """Say what the number stands for, where another one could be meant."""
        there = kernel.usb_paths()
        if len(there) > 1:
            log.warning(
                "usb:%d is the camera %s of %d; the number changes when one is unplugged: "
                "source.uri = %s stays",
                self._number, self._known[-1], len(there), self._known[-1],
            )  # fmt: skip


def links_of(number: int) -> tuple[Path, ...]:
    """Names of the N-th USB camera that outlive replugging, the surest first.

    By its own name it is found in any socket; identical cameras have one name for all, and are
    known by their sockets alone. Without /dev/v4l (no udev) it is /dev/videoN.
    """
    sockets, names = kernel.usb_paths(), kernel.usb_names()
    if number >= len(sockets):
        return (names[number] if number < len(names) else kernel.DEVICES / f"video{number}",)
    socket = sockets[number]
    if len(names) < len(sockets):
        return (socket,)
    return (*(name for name in names if name.resolve() == socket.resolve()), socket)


def require_camera(address: Address) -> None:
    """SourceError where no such device is there."""
    meant = links_of(address.number) if address.path == Path() else (address.path,)
    if not any(map(os.path.exists, meant)):
        raise _missing(meant[-1])


def open_camera(device: Path, settings: config.Source) -> CaptureSource:
    """Open a camera by its path. SourceError says why that is not possible."""
    changed = _prepared(device, settings)
    # Read once, when OpenCV first waits for a frame: seconds.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(max(round(settings.stall_s), 1)))
    width, height = settings.full_size_px
    capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise SourceError(f"the camera {device} is busy: another program uses it")
    wanted = {
        # Uncompressed, USB 2 carries large pictures only a few times a second.
        cv2.CAP_PROP_FOURCC: int.from_bytes(b"MJPG", "little"),
        cv2.CAP_PROP_FRAME_WIDTH: width,
        cv2.CAP_PROP_FRAME_HEIGHT: height,
        cv2.CAP_PROP_FPS: light.sensor_fps(settings),
    }
    for key, value in wanted.items():
        capture.set(key, value)
    got = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if got != (width, height):
        log.info("%s gives %.0f × %.0f instead of %d × %d", device, *got, width, height)
    return CaptureSource(
        f"the camera {device}", capture, settings, restore=lambda: _restore(device, changed)
    )


def _prepared(device: Path, settings: config.Source) -> list[light.Changed]:
    """Tell a missing device, one we may not open and one that is no camera from a camera; set the
    light, and return what of it was changed.
    """
    try:
        with kernel.opened(device) as handle:
            if kernel.name_of(handle) is None:
                raise SourceError(f"{device} is no camera; there {_cameras()}")
            return light.set_v4l2(handle, settings)
    except FileNotFoundError as error:
        raise _missing(device) from error
    except OSError as error:
        advice = ": add the user to the group video" if error.errno == errno.EACCES else ""
        raise SourceError(
            f"the camera {device} cannot be opened: {error.strerror}{advice}"
        ) from error


def _restore(device: Path, changed: list[light.Changed]) -> None:
    """Put the light back as it was; a camera that was unplugged has forgotten it anyway."""
    if not changed:
        return
    try:
        with kernel.opened(device) as handle:
            light.restore_v4l2(handle, changed)
    except OSError:
        return


def _missing(device: Path) -> SourceError:
    return SourceError(f"there is no camera {device}; there {_cameras()}")


def _cameras() -> str:
    found = sorted(str(path) for path in kernel.DEVICES.glob("video*"))
    return f"are: {', '.join(found)}" if found else "is no other"
