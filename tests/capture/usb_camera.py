"""A USB camera that there is not: what the kernel answers for it, and what OpenCV reads from it."""

from __future__ import annotations

import errno
import time

import cv2
import numpy as np

from edge.runtime.capture import v4l2_device as kernel

CAPTURE, META, CODEC = 0x1, 0x00800000, 0x8000
FPS = 120
"""So fast that no picture of the script is passed over."""


class Kernel:
    """Answers ioctl for one camera: what it is, its formats, and controls that keep books."""

    def __init__(self, caps: int = CAPTURE, formats: tuple[bytes, ...] = (b"MJPG", b"YUYV")):
        self.caps, self.formats = caps, formats
        self.ranges = {
            kernel.POWER_LINE_FREQUENCY: (0, 2, 2),
            kernel.EXPOSURE_AUTO: (0, 3, 3),
            kernel.EXPOSURE_ABSOLUTE: (3, 2047, 250),
            kernel.EXPOSURE_DYNAMIC_FRAMERATE: (0, 1, 0),
            kernel.AUTOGAIN: (0, 1, 1),
            kernel.GAIN: (0, 255, 64),
        }
        self.values = {number: default for number, (_, _, default) in self.ranges.items()}
        self.written: list[int] = []
        self.steps: dict[int, int] = {}

    def ioctl(self, handle: int, request: int, argument: bytes) -> bytes:
        if request == kernel._QUERYCAP:
            everything = self.caps | CAPTURE | kernel._HAS_DEVICE_CAPS
            fields = b"uvcvideo", b"ACME Cam", b"usb-1", everything, self.caps
            return kernel._CAPABILITIES.pack(*fields)
        number = int.from_bytes(argument[:4], "little")
        if request == kernel._ENUM_FMT and number < len(self.formats):
            return kernel._FORMAT.pack(number, 1, 0, b"", self.formats[number])
        if request == kernel._QUERYCTRL and number in self.ranges:
            lowest, highest, default = self.ranges[number]
            return kernel._CONTROL_RANGE.pack(number, 1, b"", lowest, highest, 1, default, 0)
        if request == kernel._G_CTRL and number in self.values:
            return kernel._VALUE.pack(number, self.values[number])
        if request == kernel._S_CTRL and number in self.values:
            step = self.steps.get(number, 1)
            self.values[number] = kernel._VALUE.unpack(argument)[1] // step * step
            self.written.append(number)
            return argument
        raise OSError(errno.EINVAL, "Invalid argument")


class Capture:
    """cv2.VideoCapture on a camera; `script` gives pictures, None a failed reading."""

    opens = True
    script: list[np.ndarray | None] = []  # noqa: RUF012 - replaced by each test

    def __init__(self, device: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.device, self.values, self.released, self.retrieved = device, {}, 0, 0
        self.pictures = iter(list(self.script))
        made.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, key: int, value: float) -> bool:
        self.values[key] = value
        return True

    def get(self, key: int) -> float:
        return self.values[key]

    def grab(self) -> bool:
        assert not self.released
        time.sleep(1.2 / FPS)
        self.image = next(self.pictures, None)
        return self.image is not None

    def retrieve(self):
        self.retrieved += 1
        return True, self.image

    def release(self) -> None:
        self.released += 1


made: list[Capture] = []
