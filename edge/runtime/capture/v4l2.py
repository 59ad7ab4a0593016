"""A USB camera, or any other that the kernel offers as /dev/videoN."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
from pathlib import Path

import cv2

from edge import config
from edge.errors import SourceError
from edge.runtime.capture.opencv import CaptureSource

log = logging.getLogger("capture")

DEVICES = Path("/dev")

# linux/videodev2.h
_QUERYCAP = 0x80685600
_CAPABILITIES = struct.Struct("=16s32s32s4xII12x")
_HAS_DEVICE_CAPS = 0x80000000
_CAPTURES = 0x1 | 0x1000  # V4L2_CAP_VIDEO_CAPTURE, also _MPLANE

_MANUAL, _AUTOMATIC = 1, 3
"""Values of V4L2_CID_EXPOSURE_AUTO."""


def usb_device(number: int) -> Path:
    """The device of the N-th USB camera in the order of their names, which outlives replugging.

    Where there is no /dev/v4l (no udev), /dev/videoN.
    """
    named = sorted(DEVICES.glob("v4l/by-id/usb-*-video-index0"))
    if number < len(named):
        return named[number]
    return DEVICES / f"video{number}"


def open_camera(device: Path, settings: config.Source) -> CaptureSource:
    """Open a camera by its path. SourceError says why that is not possible."""
    _check(device)
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
        cv2.CAP_PROP_FPS: settings.fps,
    }
    if settings.exposure_ms is not None:
        wanted[cv2.CAP_PROP_AUTO_EXPOSURE] = _MANUAL
        wanted[cv2.CAP_PROP_EXPOSURE] = settings.exposure_ms * 10  # its unit is 100 µs
    else:
        wanted[cv2.CAP_PROP_AUTO_EXPOSURE] = _AUTOMATIC
    for key, value in wanted.items():
        capture.set(key, value)
    got = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if got != (width, height):
        log.info("%s gives %.0f × %.0f instead of %d × %d", device, *got, width, height)
    return CaptureSource(f"the camera {device}", capture, settings)


def _check(device: Path) -> None:
    """Tell a missing device, one we may not open and one that is no camera from a camera."""
    try:
        handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise SourceError(f"there is no camera {device}; there {_cameras()}") from error
    except OSError as error:
        advice = ": add the user to the group video" if error.errno == errno.EACCES else ""
        raise SourceError(
            f"the camera {device} cannot be opened: {error.strerror}{advice}"
        ) from error
    try:
        if not _captures(handle):
            raise SourceError(f"{device} is no camera; there {_cameras()}")
    finally:
        os.close(handle)


def _captures(handle: int) -> bool:
    """Whether the device gives pictures; encoders, decoders and metadata nodes do not."""
    try:
        answer = fcntl.ioctl(handle, _QUERYCAP, bytes(_CAPABILITIES.size))
    except OSError:
        return False
    capabilities, device_caps = _CAPABILITIES.unpack(answer)[3:]
    if capabilities & _HAS_DEVICE_CAPS:
        capabilities = device_caps
    return bool(capabilities & _CAPTURES)


def _cameras() -> str:
    found = sorted(str(path) for path in DEVICES.glob("video*"))
    return f"are: {', '.join(found)}" if found else "is no other"
