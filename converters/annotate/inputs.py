"""What is annotated: a picture, a folder of pictures, a video file, or any of them by address."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from converters.annotate import address
from converters.annotate.stream import Stream
from converters.errors import ConvertError
from edge.config.seen import Source as Settings
from edge.runtime.capture import Source, open_source
from edge.runtime.capture.folder import SUFFIXES
from edge.runtime.capture.recorded import Pictures, Recorded
from edge.runtime.frame import Image

FOLDER_FPS = 1.0
"""Pictures of a folder have nothing to do with one another: each is shown for a second."""


@dataclass(frozen=True, slots=True)
class Input:
    """Frames, how many there are (None where nobody knows) and how fast they follow."""

    source: Source
    frames: int | None
    fps: float
    still: bool = False
    """Whether it is a single picture."""


class OnePicture:
    """A picture as a recording of one frame."""

    period_s = 1.0
    frames_announced = 1

    def __init__(self, picture: Image) -> None:
        self._picture = picture

    def play(self) -> Pictures:
        """The picture."""
        yield 0.0, self._picture


def open_input(name: str) -> Input:
    """Open what `name` is; ConvertError or SourceError says in one sentence why it cannot."""
    scheme, found, _ = name.partition("://")
    if found and scheme.lower() != "file":
        what = address.open_address(name)
        return _stream(what) if isinstance(what, Stream) else _picture(what, name)
    path = Path(os.path.expanduser(name.removeprefix("file://")))  # noqa: PTH111 - Path's raises
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return _picture(_content(path), name)
    if path.is_relative_to("/dev"):
        raise ConvertError(f"{path} is a camera: annotate draws on recordings, not on live people")
    if path.is_dir():
        return _folder(path)
    return _video(path)


def _picture(content: bytes, name: str) -> Input:
    pixels = np.frombuffer(content, np.uint8)
    picture = cv2.imdecode(pixels, cv2.IMREAD_COLOR) if pixels.size else None
    if picture is None:
        raise ConvertError(f"{name} is no readable picture")
    source = Recorded(OnePicture(np.asarray(picture, np.uint8)), Settings(uri=name))
    return Input(source, 1, 1.0, still=True)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConvertError(f"{path} cannot be read: {error.strerror}") from error


def _folder(path: Path) -> Input:
    source = open_source(Settings(uri=str(path), fps=FOLDER_FPS))
    files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES]
    return Input(source, len(files), FOLDER_FPS)


def _video(path: Path) -> Input:
    source = open_source(Settings(uri=str(path)))
    stream = Stream(f"file:{path}", str(path), {"protocol_whitelist": "file"})
    return Input(source, stream.frames, stream.fps)


def _stream(stream: Stream) -> Input:
    return Input(Recorded(stream, Settings(uri=stream.name)), stream.frames, stream.fps)
