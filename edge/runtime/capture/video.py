"""A video file, whatever FFmpeg can read, as a recording."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError
from edge.runtime.capture.container import declared_size
from edge.runtime.capture.opencv import open_capture
from edge.runtime.capture.recorded import Pictures

FORMATS = (
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi,gif,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,nut,"
    "mjpeg,mjpeg_2000,h264,hevc,av1,obu,ivf,yuv4mpegpipe,mxf,dv,wtv,rm,apng"
)
"""Left out: pictures, and playlists, which can lead to a network. OpenCV 4.11 ignores the list."""

_TEXT = bytes((9, 10, 12, 13, 27, *range(32, 127), *range(128, 256)))
"""Every byte a text may have; a video has others, at least zeros, among its first."""

SHORTFALL = 0.9
"""Below this share of the announced frames and of the announced time the file was damaged.

Both are estimates in most containers, and two of three ordinary files end a frame early.
"""

DEFAULT_FPS = 25.0


class VideoFile:
    """One video file; SourceError if it cannot be read at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _check_readable(path)
        capture = self._open()
        fps = capture.get(cv2.CAP_PROP_FPS)
        self.period_s = 1 / (fps if 0.01 < fps < 1000 else DEFAULT_FPS)
        self._count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        capture.release()

    def play(self) -> Pictures:
        """Every frame with its time in seconds; then SourceError if the file ended early."""
        capture = self._open()
        frames, media_s = 0, 0.0
        try:
            while True:
                got, picture = capture.read()
                if not got:
                    break
                media_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                frames += 1
                yield media_s, np.asarray(picture, np.uint8)
        finally:
            capture.release()
        self._check_complete(frames, media_s)

    def _open(self) -> cv2.VideoCapture:
        whitelist = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        capture = open_capture(str(self._path), whitelist)
        if not capture.isOpened():
            raise SourceError(self._cut_short() or f"{self._path} is no video that can be read")
        return capture

    def _check_complete(self, frames: int, media_s: float) -> None:
        cut = self._cut_short()
        if cut:
            raise SourceError(f"{cut}; {frames} frames could be decoded")
        if frames == 0:
            raise SourceError(f"{self._path} holds no frame that can be decoded")
        lasted = (media_s + self.period_s) / self.period_s
        if max(frames, lasted) < SHORTFALL * self._count:
            raise SourceError(
                f"{self._path} is damaged: {frames} of about {self._count:.0f} frames "
                "could be decoded"
            )

    def _cut_short(self) -> str:
        """A sentence if bytes are missing at the file's end, else nothing."""
        there, declared = self._path.stat().st_size, declared_size(self._path)
        if declared is None or there >= declared:
            return ""
        return f"{self._path} ended early: it has {there:,} of at least {declared:,} bytes"


def _check_readable(path: Path) -> None:
    """Refuse what FFmpeg would rather read in its own way: a text, which it draws as a film."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if not head:
        raise SourceError(f"{path} is an empty file")
    if not head.translate(None, _TEXT):
        raise SourceError(f"{path} is a text, no video that can be read")
