"""Annotated pictures → a video file, a picture, or a sheet of several pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from converters.errors import ConvertError
from edge.runtime.capture.opencv import hush
from edge.runtime.frame import Image

VIDEOS = {".mp4": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80"}
"""Suffix → the codec that OpenCV's wheels bring along for it."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
SHEET_FRAMES = 24
SHEET_COLUMNS = 4
SHEET_TILE_PX = 640


class Output(Protocol):
    """Takes pictures one after the other."""

    def add(self, picture: Image) -> None:
        """One more, height × width × 3 BGR."""

    def finish(self) -> None:
        """Write what is still to be written; ConvertError where not all could be."""


class Video:
    """A video file. Pictures of another shape than the first are fitted into it."""

    def __init__(self, path: Path, fps: float) -> None:
        hush()
        self._path = path
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._count = 0

    def add(self, picture: Image) -> None:
        """One more frame."""
        if self._writer is None:
            self._size = (picture.shape[1], picture.shape[0])
            self._writer = self._opened()
        self._writer.write(fitted(picture, self._size))
        self._count += 1

    def finish(self) -> None:
        """Close the file and count its frames: OpenCV does not say when a disk is full."""
        if self._writer is not None:
            self._writer.release()
        held = counted(self._path)
        if held < self._count:
            raise ConvertError(
                f"only {held} of {self._count} frames could be written: is the disk full?"
            )

    def _opened(self) -> cv2.VideoWriter:
        codec = cv2.VideoWriter.fourcc(*VIDEOS[self._path.suffix.lower()])
        writer = cv2.VideoWriter(str(self._path), cv2.CAP_FFMPEG, codec, self._fps, self._size)
        if not writer.isOpened():
            raise ConvertError(
                f"cannot write {self._path.suffix} into {self._path.parent}: does the folder "
                "allow it, and is there room?"
            )
        return writer


def counted(path: Path) -> int:
    """How many frames of a video file can be read."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    return count


class Sheet:
    """A picture file of one picture, or of several side by side."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pictures: list[Image] = []

    def add(self, picture: Image) -> None:
        """One more tile."""
        self._pictures.append(picture)

    def finish(self) -> None:
        """Lay the tiles out and write the file."""
        whole = self._pictures[0] if len(self._pictures) == 1 else tiled(self._pictures)
        encoded, content = cv2.imencode(self._path.suffix, whole)
        if not encoded:
            raise ConvertError(f"{self._path.name} cannot be encoded: choose .png")
        self._path.write_bytes(content.tobytes())


def fitted(picture: Image, size: tuple[int, int]) -> Image:
    """The picture as large as `size` (width, height) allows, centred on black."""
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    canvas[top : top + height, left : left + width] = small
    return canvas


def tiled(pictures: list[Image]) -> Image:
    """Pictures in rows of SHEET_COLUMNS, each as large as the first would be at SHEET_TILE_PX."""
    height, width = pictures[0].shape[:2]
    tile = (SHEET_TILE_PX, round(height * SHEET_TILE_PX / width))
    columns = min(SHEET_COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    canvas = np.zeros((rows * tile[1], columns * tile[0], 3), np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // columns * tile[1], index % columns * tile[0]
        canvas[top : top + tile[1], left : left + tile[0]] = fitted(picture, tile)
    return canvas
