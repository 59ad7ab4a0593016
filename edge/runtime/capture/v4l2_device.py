"""Questions to the kernel about a /dev/videoN: what it is, its formats, its controls.

Numbers and structures are those of linux/videodev2.h and linux/v4l2-controls.h.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

DEVICES = Path("/dev")

_QUERYCAP = 0x80685600
_CAPABILITIES = struct.Struct("=16s32s32s4xII12x")
_HAS_DEVICE_CAPS = 0x80000000
_CAPTURES = 0x1 | 0x1000  # V4L2_CAP_VIDEO_CAPTURE, also _MPLANE

_ENUM_FMT = 0xC0405602
_FORMAT = struct.Struct("=III32s4s16x")
_VIDEO_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
_FORMATS_MAX = 32

_QUERYCTRL = 0xC0445624
_CONTROL_RANGE = struct.Struct("=II32siiiiI8x")
_DISABLED = 0x1 | 0x4  # V4L2_CTRL_FLAG_DISABLED, _READ_ONLY
_G_CTRL, _S_CTRL = 0xC008561B, 0xC008561C
_VALUE = struct.Struct("=Ii")

POWER_LINE_FREQUENCY = 0x00980918
"""0 off, 1 50 Hz, 2 60 Hz, 3 automatic."""
AUTOGAIN = 0x00980912
"""1: the camera chooses its gain itself."""
GAIN = 0x00980913
"""In units of the driver's own."""
EXPOSURE_AUTO = 0x009A0901
"""1 manual, 3 automatic with the aperture that there is."""
EXPOSURE_ABSOLUTE = 0x009A0902
"""In units of 100 µs."""
EXPOSURE_DYNAMIC_FRAMERATE = 0x009A0903
"""1: an exposure may last longer than a frame, of which there are fewer then."""


class Camera(NamedTuple):
    """A camera that the kernel offers: its name, a path that stays its, its pixel formats."""

    name: str
    path: Path
    formats: tuple[str, ...]


class Control(NamedTuple):
    """A control's present value, the driver's own, and what it may be."""

    value: int
    default: int
    minimum: int
    maximum: int


@contextmanager
def opened(device: Path) -> Iterator[int]:
    """The device for questions; OSError where it cannot be had."""
    handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield handle
    finally:
        os.close(handle)


def name_of(handle: int) -> str | None:
    """The camera's name; None for what gives no pictures: encoders, metadata and no devices."""
    try:
        answer = fcntl.ioctl(handle, _QUERYCAP, bytes(_CAPABILITIES.size))
    except OSError:
        return None
    _, card, _, capabilities, device_caps = _CAPABILITIES.unpack(answer)
    if capabilities & _HAS_DEVICE_CAPS:
        capabilities = device_caps
    return _text(card) if capabilities & _CAPTURES else None


def formats_of(handle: int) -> tuple[str, ...]:
    """Its pixel formats as four letters each: MJPG, YUYV."""
    found = []
    for index in range(_FORMATS_MAX):
        question = _FORMAT.pack(index, _VIDEO_CAPTURE, 0, b"", b"")
        try:
            answer = fcntl.ioctl(handle, _ENUM_FMT, question)
        except OSError:
            break
        found.append(_text(_FORMAT.unpack(answer)[4]))
    return tuple(found)


def control(handle: int, number: int) -> Control | None:
    """A control by its number; None where the camera has none, or lets nobody set it."""
    try:
        answer = fcntl.ioctl(handle, _QUERYCTRL, _CONTROL_RANGE.pack(number, 0, b"", *[0] * 5))
        _, _, _, minimum, maximum, _, default, flags = _CONTROL_RANGE.unpack(answer)
        value = _VALUE.unpack(fcntl.ioctl(handle, _G_CTRL, _VALUE.pack(number, 0)))[1]
    except OSError:
        return None
    return None if flags & _DISABLED else Control(value, default, minimum, maximum)


def set_control(handle: int, number: int, value: int) -> bool:
    """Set it; false where the camera refuses."""
    try:
        fcntl.ioctl(handle, _S_CTRL, _VALUE.pack(number, value))
    except OSError:
        return False
    return True


def cameras() -> list[Camera]:
    """Every camera, USB cameras first, each by the path of the socket that it is plugged into."""
    found: list[Camera] = []
    for path in (*usb_paths(), *sorted(DEVICES.glob("video*"), key=_number)):
        if any(path.resolve() == known.path.resolve() for known in found):
            continue
        try:
            with opened(path) as handle:
                name = name_of(handle)
                if name is not None:
                    found.append(Camera(name, path, formats_of(handle)))
        except OSError:
            continue
    return found


def usb_paths() -> list[Path]:
    """The USB cameras by the socket that each is plugged into, which tells identical ones apart."""
    links = DEVICES.glob("v4l/by-path/*-usb*-video-index0")
    # A hub appears under two names for one socket: usb-0:… and usbv2-0:….
    return sorted(link for link in links if "-usb-" in link.name)


def usb_names() -> list[Path]:
    """The USB cameras by maker, model and serial number: one link for all identical ones."""
    return sorted(DEVICES.glob("v4l/by-id/usb-*-video-index0"))


def _number(device: Path) -> int:
    digits = device.name.removeprefix("video")
    return int(digits) if digits.isdigit() else 0


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode(errors="replace").strip()
