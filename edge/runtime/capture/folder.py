"""A folder of pictures as a recording, in the order a person would count them."""

from __future__ import annotations

import io
import logging
import re
import stat
from pathlib import Path

from edge.config import seen as config
from edge.errors import SourceError
from edge.runtime.capture.decoded import Decoded, decoded
from edge.runtime.capture.decoder import Decoder, Opening, pyav
from edge.runtime.capture.recorded import Pictures
from edge.runtime.capture.view import View

log = logging.getLogger("capture")

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".jp2")
)

BYTES_MAX = 64 * 2**20
"""A larger file is not read."""

_OPENING = Opening(
    formats="jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,ppm_pipe,pgm_pipe,pbm_pipe,pam_pipe,"
    "j2k_pipe",
    pixels_max=24_000_000,
)
"""What is read as a picture; more pixels than of the usual large camera are not decoded."""


class ImageFolder:
    """The pictures directly inside a folder; SourceError if there is none.

    A picture that cannot be read is left out, said in the log and counted in `unreadable`; those
    after it keep their time.
    """

    def __init__(self, path: Path, settings: config.Source) -> None:
        self._path = path
        self._view = View(settings)
        self._small_width_px = settings.small_width_px
        self.period_s = 1 / settings.fps
        self.unreadable = 0
        self._files = _pictures_of(path)
        if not self._files:
            known = ", ".join(sorted(SUFFIXES))
            raise SourceError(f"the folder {path} holds no picture ({known})")
        self.frames_announced = len(self._files)

    def play(self) -> Pictures:
        """Each readable picture; SourceError if there was none."""
        readable = 0
        for index, file in enumerate(self._files):
            picture = self._read(file)
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

    def _read(self, file: Path) -> Decoded | None:
        """The picture, turned upright if the file says so; None if it is none."""
        try:
            content = _content(file)
            with Decoder(io.BytesIO(content), _OPENING) as opened:
                picture = next(filter(None, opened.pictures()), None)
                return picture and decoded(picture, opened, self._view, self._small_width_px)
        except (OSError, ValueError, SourceError, pyav().FFmpegError):
            return None


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


def _content(file: Path) -> bytes:
    """What is in a regular file; ValueError for a pipe, which would keep us waiting for ever."""
    found = file.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > BYTES_MAX:
        raise ValueError(f"{file} is no file, or of more than {BYTES_MAX:,} bytes")
    return file.read_bytes()
