"""A video file, whatever FFmpeg can read, as a recording."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from edge.config import seen as config
from edge.errors import SourceError
from edge.runtime.capture.container import declared_size
from edge.runtime.capture.decoded import played
from edge.runtime.capture.decoder import Decoder, Opening, TooLarge, pyav
from edge.runtime.capture.recorded import Pictures
from edge.runtime.capture.view import View

log = logging.getLogger("capture")

FORMATS = (
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi,gif,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,nut,"
    "mjpeg,mjpeg_2000,h264,hevc,av1,obu,ivf,yuv4mpegpipe,mxf,dv,wtv,rm,apng"
)
"""Left out: pictures, and playlists, which can lead to a network."""

_TEXT = bytes((9, 10, 12, 13, 27, *range(32, 127), *range(128, 256)))
"""Every byte a text may have; a video has others, at least zeros, among its first."""

SHORTFALL = 0.9
"""Below this share of the announced frames and of the announced time the file was damaged.

Both are estimates in most containers, and two of three ordinary files end a frame early.
"""

DEFAULT_FPS = 25.0


class VideoFile:
    """One video file; SourceError if it cannot be read at all."""

    def __init__(self, path: Path, settings: config.Source) -> None:
        self._path = path
        self._view = View(settings)
        self._small_width_px = settings.small_width_px
        self._opening = Opening(
            options={"protocol_whitelist": "file"}, formats=FORMATS, decoder=settings.decoder
        )
        _check_readable(path)
        with self._open() as opened:
            fps = opened.fps
            self.frames_announced = opened.frames_announced
        self.period_s = 1 / believable(fps)

    def play(self) -> Pictures:
        """Every frame with its time in seconds; then SourceError if the file ended early."""
        frames, media_s = 0, 0.0
        with self._open() as opened:
            for media_s, shot in played(opened, self._view, self._small_width_px):
                frames += 1
                yield media_s, shot
            damaged = opened.damaged
        self._check_complete(frames, media_s, damaged)

    def _open(self) -> Decoder:
        library = pyav()
        try:
            # With its scheme, so that a colon in the name is no scheme to FFmpeg.
            return Decoder(f"file:{self._path}", self._opening)
        except TooLarge as error:
            raise SourceError(f"{_shown(self._path)}: {error}") from error
        except (library.FFmpegError, MemoryError) as error:
            raise SourceError(
                self._cut_short() or f"{_shown(self._path)} is no video that can be read"
            ) from error

    def _check_complete(self, frames: int, media_s: float, damaged: int) -> None:
        path = _shown(self._path)
        cut = self._cut_short()
        if cut:
            raise SourceError(f"{cut}; {frames} frames could be decoded")
        if frames == 0:
            raise SourceError(f"{path} holds no frame that can be decoded")
        if damaged:
            log.warning("%s is damaged in %d places, which were passed over", path, damaged)
        lasted = (media_s + self.period_s) / self.period_s
        if max(frames, lasted) < SHORTFALL * self.frames_announced:
            raise SourceError(
                f"{path} is damaged: {frames} of about {self.frames_announced} frames could be "
                "decoded"
            )

    def _cut_short(self) -> str:
        """A sentence if bytes are missing at the file's end, else nothing."""
        there, declared = self._path.stat().st_size, declared_size(self._path)
        if declared is None or there >= declared:
            return ""
        return f"{_shown(self._path)} ended early: it has {there:,} of at least {declared:,} bytes"


def believable(fps: float) -> float:
    """Frames a second as a video says; the usual where it says none, or none that can be."""
    return fps if 0.01 < fps < 1000 else DEFAULT_FPS


def _shown(path: Path) -> str:
    """A name for a sentence: also one that is no UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def _check_readable(path: Path) -> None:
    """Refuse what FFmpeg would rather read in its own way: a text, which it draws as a film."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise SourceError(f"{_shown(path)} cannot be read: {error.strerror}") from error
    if not head:
        raise SourceError(f"{_shown(path)} is an empty file")
    if not head.translate(None, _TEXT):
        raise SourceError(f"{_shown(path)} is a text, no video that can be read")
