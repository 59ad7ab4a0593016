"""The ISP's pixel formats as BGR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Image

Buffer = NDArray[np.uint8]


def _interleaved(buffer: Buffer) -> Any:
    return buffer[..., :3]


def _i420(buffer: Buffer) -> Any:
    return cv2.cvtColor(buffer, cv2.COLOR_YUV2BGR_I420)


def _nv12(buffer: Buffer) -> Any:
    return cv2.cvtColor(np.ascontiguousarray(buffer), cv2.COLOR_YUV2BGR_NV12)


FORMATS: dict[str, Callable[[Buffer], Any]] = {
    # Picamera2 names formats by the order in a register: bytes in memory are B, G, R.
    "RGB888": _interleaved,
    "XRGB8888": _interleaved,
    # 1.5 × height rows: luminance, then chroma; OpenCV expects BT.601, limited range.
    "YUV420": _i420,
    "NV12": _nv12,
}
"""Format → what turns a mapped buffer into BGR: its own memory where it is BGR, else a copy."""


CONVERTED = frozenset(("YUV420", "NV12"))
"""Formats that begin with the brightness, height rows of it, and whose picture is made anew."""


def as_bgr(buffer: Buffer, pixel_format: str, size: tuple[int, int]) -> Image:
    """A mapped buffer → height × width × 3 BGR, without the padding of its rows."""
    width, height = size
    image: Image = FORMATS[pixel_format](buffer)[:height, :width]
    return image


def brightness(buffer: Buffer, size: tuple[int, int]) -> Image:
    """A buffer of a CONVERTED format → its brightness, height × width, the same memory."""
    width, height = size
    return buffer[:height, :width]
