"""A video behind an address, as a recording: read as the device reads its own."""

from __future__ import annotations

import time
from collections.abc import Mapping

from edge.config.seen import Source as Settings
from edge.errors import SourceError
from edge.runtime.capture.decoded import played
from edge.runtime.capture.decoder import Decoder, Opening, TooLarge, pyav
from edge.runtime.capture.recorded import Pictures
from edge.runtime.capture.refusal import why
from edge.runtime.capture.video import FORMATS, SHORTFALL, believable
from edge.runtime.capture.view import View

PATIENCE_S = 30
"""How long a server may keep us waiting."""

OVER_A_NETWORK = "hls,mpjpeg,rtsp,sdp,rtp"
"""What an address may lead to beside the containers of files, as FFmpeg calls it."""


class Stream:
    """One video, read while it arrives; SourceError if there is none.

    `frames` is about how many it holds; None where it does not say, as a live stream.
    """

    def __init__(self, location: str, name: str, options: Mapping[str, str]) -> None:
        """`location` may hold secrets; `name` is what people are shown."""
        self.name = name
        self._location = location
        self._opening = Opening(
            options=options,
            formats=f"{FORMATS},{OVER_A_NETWORK}",
            open_s=PATIENCE_S,
            read_s=PATIENCE_S,
        )
        self._settings = Settings(uri=name)
        with self._open() as opened:
            self.fps = believable(opened.fps)
            self.frames_announced = opened.frames_announced or int(opened.length_s * self.fps)
        self.period_s = 1 / self.fps
        self.frames = self.frames_announced or None

    def play(self) -> Pictures:
        """Every frame with its time in seconds; SourceError if the connection broke before."""
        count = 0
        with self._open() as opened:
            try:
                shots = played(opened, View(self._settings), self._settings.small_width_px)
                for media_s, shot in shots:
                    count += 1
                    yield media_s, shot
            except (OSError, pyav().FFmpegError):
                pass  # counted below
        if count < SHORTFALL * (self.frames or 1):
            raise SourceError(
                f"{self.name} ended early: {count} of about {self.frames or 'unknown'} frames "
                "could be read"
            )

    def _open(self) -> Decoder:
        began_s = time.monotonic()
        try:
            return Decoder(self._location, self._opening)
        except TooLarge as error:
            raise SourceError(f"{self.name}: {error}") from error
        except pyav().FFmpegError as error:
            late = time.monotonic() - began_s >= PATIENCE_S * 0.9
            # Not `from error`, whose text holds the password.
            raise SourceError(f"{self.name} {why(error, self._location, late=late)}") from None
