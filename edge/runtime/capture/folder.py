"""A folder of pictures as a recording, in the order a person would count them."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError
from edge.runtime.capture.recorded import Pictures
from edge.runtime.frame import Image

log = logging.getLogger("capture")

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".jp2")
)


class ImageFolder:
    """The pictures directly inside a folder; SourceError if there is none.

    A picture that cannot be read is left out, said in the log and counted in `unreadable`; those
    after it keep their time.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self.period_s = 1 / fps
        self.unreadable = 0
        self._files = _pictures_of(path)
        if not self._files:
            known = ", ".join(sorted(SUFFIXES))
            raise SourceError(f"the folder {path} holds no picture ({known})")

    def play(self) -> Pictures:
        """Each readable picture; SourceError if there was none."""
        readable = 0
        for index, file in enumerate(self._files):
            picture = _read(file)
            if picture is None:
                self.unreadable += 1
                log.warning("%s cannot be read as a picture and is left out", file)
                continue
            readable += 1
            yield index * self.period_s, picture
        if not readable:
            raise SourceError(
                f"none of the {len(self._files)} pictures in {self._path} can be read"
            )


def natural(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """A key that sorts img2 before img10; equal numbers (01, 1) fall back on the name itself."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name)
    return tuple((int(number or -1), text.casefold()) for number, text in parts), name


def _pictures_of(path: Path) -> list[Path]:
    try:
        files = [
            file
            for file in path.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
        ]
    except OSError as error:
        raise SourceError(f"the folder {path} cannot be read: {error.strerror}") from error
    return sorted(files, key=lambda file: natural(file.name))


def _read(file: Path) -> Image | None:
    """Height × width × 3 BGR, turned upright if the file says so; None if it is no picture."""
    try:
        # Through memory, because imread prints its own complaint about a file it cannot open.
        content = np.fromfile(file, np.uint8)
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except (OSError, cv2.error):
        return None
    return None if picture is None else np.asarray(picture, np.uint8)
