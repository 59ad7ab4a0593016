"""Clips and pictures made for the tests of the sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.runtime.capture import Source
from edge.runtime.frame import Frame, Image

CODECS = {
    ".avi": "MJPG",
    ".mkv": "mp4v",
    ".mp4": "mp4v",
    ".mov": "mp4v",
    ".webm": "VP80",
    ".ts": "mpg2",
}
CLIPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "clips"


def picture(index: int, width: int = 320, height: int = 240) -> Image:
    """A picture whose average brightness tells its index (0..60) after lossy coding."""
    image = np.full((height, width, 3), index * 4, np.uint8)
    image[: height // 4, : width // 4] = (255, 0, 0)
    return image


def squares(index: int, width: int = 320, height: int = 240) -> Image:
    """The same with something to see: before a plain picture a camera might be covered."""
    image = picture(index, width, height)
    rows, columns = np.indices((height - height // 2, width // 2)) // 16
    image[height // 2 :, : width // 2] = ((rows + columns) % 2 * 200 + 30)[..., None]
    return image


def index_of(image: Image) -> int:
    """The index that `picture` put into an image."""
    height, width = image.shape[:2]
    return round(float(image[height // 2 :, width // 2 :].mean()) / 4)


def write_clip(
    path: Path,
    frames: int = 30,
    fps: float = 10,
    size: tuple[int, int] = (320, 240),
    drawn: Callable[[int, int, int], Image] = picture,
) -> Path:
    """A clip in the container that the suffix names."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*CODECS[path.suffix]), fps, size)
    assert writer.isOpened()
    for index in range(frames):
        writer.write(drawn(index, *size))
    writer.release()
    return path


def cut(path: Path, share: float) -> Path:
    """A copy of the file's first part."""
    short = path.with_stem(path.stem + "-cut")
    content = path.read_bytes()
    short.write_bytes(content[: int(len(content) * share)])
    return short


def read_all(source: Source) -> list[Frame]:
    """Every frame, released."""
    frames = []
    while (frame := source.read()) is not None:
        frame.release()
        frames.append(frame)
    return frames


def small_of(frame: Frame) -> np.ndarray:
    """The picture that the detector sees, developed where the camera leaves that to us."""
    frame.develop()
    return frame.small
