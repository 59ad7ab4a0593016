"""A decoded picture → a Frame: upright, of square pixels, of one field where it is interlaced.

What a frame is not asked for is not made: most are looked at for their brightness alone, which is
the decoder's own memory, few for the detector's small picture, fewer for the full one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import cv2
import numpy as np

from edge.runtime.capture.decoder import Decoder, Shape, pyav
from edge.runtime.capture.source import framed, shrunk, shrunk_size
from edge.runtime.capture.view import AS_IT_IS, TURNS, WHOLE, View
from edge.runtime.frame import Frame, Image

_PLANAR = frozenset(
    f"yuv{full}{sampling}p" for full in ("", "j") for sampling in ("420", "422", "440", "444")
) | {"gray"}
"""FFmpeg's formats of 8 bits with a plane of brightness, and two of colour or none."""

_FULL_RANGE = 2
"""FFmpeg's number for brightness from 0 to 255 instead of 16 to 235."""

_BT601 = 5
_MATRICES = frozenset((0, 1, 2, 4, 5, 6, 7, 9))
"""Matrices of colours that FFmpeg converts; damaged files name others."""

_GREY = 128
"""No colour, in a plane of colour."""

FULL_PIXELS_MAX = 4096 * 3072
"""A larger picture is made smaller, and none is stretched to more."""


SAME_PROPORTION = 0.02
"""Of pictures of one scene in two resolutions, which are rounded to whole blocks."""


def shape_of(picture: Any, pixel_aspect: Fraction) -> Shape:
    """The larger side of a pixel decides, so that nothing is thrown away."""
    width, height = picture.width, picture.height
    if pixel_aspect > 1:
        width = round(width * pixel_aspect)
    elif pixel_aspect < 1:
        height = round(height / pixel_aspect)
    shrink = math.sqrt(FULL_PIXELS_MAX / (width * height))
    if shrink < 1:
        width, height = max(int(width * shrink), 1), max(int(height * shrink), 1)
    # FFmpeg's angle is anticlockwise; a film on its side is turned by quarters only.
    turn_deg = -getattr(picture, "rotation", 0) % 360
    return Shape(width, height, turn_deg if turn_deg in TURNS else 0)


def steady(now: Shape, largest: Shape | None) -> Shape:
    """The shape to show a picture in: the largest so far, where it is the same scene made smaller.

    A camera may change its resolution while it runs; in the old size a face stays where it was,
    and who is in view is not counted again. What is larger is shown as it is.
    """
    if largest is None or now.turn_deg != largest.turn_deg or now.width > largest.width:
        return now
    proportion = now.width * largest.height / (now.height * largest.width)
    return largest if abs(proportion - 1) < SAME_PROPORTION else now


def played(decoder: Decoder, view: View, small_width_px: int) -> Iterator[tuple[float, Decoded]]:
    """Every picture of a video that can be decoded, with its seconds since the first one.

    A picture without a time has that of the one before.
    """
    media_s, first = 0.0, None
    for picture in decoder.pictures():
        shot = picture and decoded(picture, decoder, view, small_width_px)
        if not shot:
            continue
        if picture.pts is not None:
            first = picture.pts if first is None else first
            media_s = float((picture.pts - first) * decoder.time_base)
        yield media_s, shot


def decoded(picture: Any, decoder: Decoder, view: View, small_width_px: int) -> Decoded | None:
    """A picture that `decoder` gave, ready to be asked; None, and counted as damage, where its
    format is none that can be converted.
    """
    try:
        shape = steady(shape_of(picture, decoder.pixel_aspect), decoder.shape)
        shot = Decoded(picture, shape, view, small_width_px)
    except (pyav().FFmpegError, ValueError):
        decoder.damaged += 1
        return None
    decoder.shape = shape
    return shot


class Decoded:
    """One decoded picture (av.VideoFrame) and what is made of it when it is asked for."""

    def __init__(self, picture: Any, shape: Shape, view: View, small_width_px: int) -> None:
        self._picture = picture
        self._view = view
        self._shape = shape
        self._interlaced = bool(picture.interlaced_frame)
        self._planes = _planes_of(picture)
        self._small_width_px = small_width_px
        self._developed = False
        self._full: Image | None = None
        if self._planes is None:  # its brightness is not there by itself
            self.full()

    def frame(self, sequence: int, captured_s: float) -> Frame:
        """The frame; what it lends lives as long as it does."""
        if self._planes is None:
            return framed(self.full(), AS_IT_IS, sequence, captured_s, self._small_width_px)
        width, height = self._viewed_size()
        small_width, small_height = shrunk_size(width, height, self._small_width_px)
        self._small = np.empty((small_height, small_width, 3), np.uint8)
        return Frame(
            sequence=sequence,
            captured_s=captured_s,
            small=self._small,
            full_width=width,
            full_height=height,
            full=self.full,
            luma=self.luma,
            develop=self.develop,
        )

    def luma(self) -> Image:
        """Its brightness, height × width, no wider than the small picture; limited or full range.

        Its proportions are those of the picture as it was coded.
        """
        assert self._planes is not None
        seen = self._view.of(_turned(self._field(self._planes[0]), self._shape.turn_deg))
        return shrunk(seen, self._small_width_px)

    def develop(self) -> None:
        """Fill the small picture; once is enough."""
        if self._developed:
            return
        self._developed = True
        height, width = self._small.shape[:2]
        made = self._full is not None or (width, height) == self._viewed_size()
        if made or self._view.region != WHOLE:
            self._small[:] = shrunk(self.full(), self._small_width_px)
            return
        turned = (self._shape.turn_deg + self._view.rotate_deg) % 180 == 90
        size = (height, width) if turned else (width, height)
        self._small[:] = self._view.of(_turned(self._bgr(size), self._shape.turn_deg))

    def full(self) -> Image:
        """All of it that is looked at, height × width × 3 BGR."""
        if self._full is None:
            picture = self._bgr((self._shape.width, self._shape.height))
            self._full = self._view.of(_turned(picture, self._shape.turn_deg))
        return self._full

    def _viewed_size(self) -> tuple[int, int]:
        """Width and height of `full()`."""
        width, height = self._shape.width, self._shape.height
        if self._shape.turn_deg in (90, 270):
            width, height = height, width
        return self._view.size_of(width, height)

    def _field(self, plane: Image) -> Image:
        """The rows of one moment: every second one where two moments are woven into each other."""
        return plane[::2] if self._interlaced else plane

    def _bgr(self, size: tuple[int, int]) -> Image:
        """The whole picture, width × height as given, as BGR."""
        as_coded = size == (self._picture.width, self._picture.height) and not self._interlaced
        if as_coded or self._planes is None:
            picture = self._field(_as_bgr(self._picture))
            return _resized(picture, size)
        return _as_bgr(self._resized(self._planes, size))

    def _resized(self, planes: tuple[Image, ...], size: tuple[int, int]) -> Any:
        """The planes at another size, 4:2:0, as FFmpeg's own converter takes them.

        Scaled one by one: FFmpeg's scaling costs six times as much on Arm.
        """
        scaled = pyav().VideoFrame(*size, "yuv420p")
        scaled.colorspace, scaled.color_range = self._picture.colorspace, self._range()
        for target, plane in zip_longest(scaled.planes, planes):
            wanted = target.width, target.height
            _rows(target)[:] = _GREY if plane is None else _resized(self._field(plane), wanted)
        return scaled

    def _range(self) -> int:
        """The range of brightness; some formats imply it."""
        name = self._picture.format.name
        implied = name == "gray" or name.startswith("yuvj")
        return _FULL_RANGE if implied else int(self._picture.color_range)


def _planes_of(picture: Any) -> tuple[Image, ...] | None:
    """Brightness and two colours, each height × width in the decoder's own memory.

    None for formats that are not three planes of 8 bits.
    """
    if picture.format.name not in _PLANAR:
        return None
    return tuple(_rows(plane) for plane in picture.planes)


def _rows(plane: Any) -> Image:
    """A plane without the padding of its rows."""
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _as_bgr(picture: Any) -> Image:
    """A picture of any format → height × width × 3 BGR, in memory of its own."""
    unknown = picture.colorspace not in _MATRICES
    matrix = {"src_colorspace": _BT601, "dst_colorspace": _BT601} if unknown else {}
    plane = picture.reformat(format="bgr24", **matrix, **_one_thread()).planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : 3 * picture.width].reshape(picture.height, picture.width, 3)


@lru_cache
def _one_thread() -> dict[str, int]:
    """FFmpeg's converter starts a thread for each core, anew for each picture, unless it is told.

    Before PyAV 17 it started none, and could not be told.
    """
    return {"threads": 1} if int(pyav().__version__.partition(".")[0]) >= 17 else {}


def _resized(picture: Image, size: tuple[int, int]) -> Image:
    """`picture`, or one plane of it, at another width and height."""
    height, width = picture.shape[:2]
    if size == (width, height):
        return picture
    # Below a half, bilinear skips pixels; above it, averaging areas costs five times as much.
    how = cv2.INTER_AREA if width >= 2 * size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _turned(picture: Image, turn_deg: int) -> Image:
    return np.asarray(cv2.rotate(picture, TURNS[turn_deg]), np.uint8) if turn_deg else picture
