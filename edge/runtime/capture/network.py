"""A network camera's stream: RTSP, MJPEG or HLS. What needs a network in vision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from edge.config import seen as config
from edge.config.address import parsed
from edge.errors import SourceError
from edge.redact import shown
from edge.runtime.capture.decoded import decoded
from edge.runtime.capture.decoder import Decoder, Opening, TooLarge, pyav
from edge.runtime.capture.rate import ArrivalRate, Rate
from edge.runtime.capture.refusal import why
from edge.runtime.capture.source import Source
from edge.runtime.capture.view import View
from edge.runtime.frame import Frame

OPEN_S = 10.0
"""How long a camera may take to answer."""

KEYFRAME_S = 30.0
"""How long a stream may go on without a picture: until the next keyframe there can be none."""

FORMATS = {
    "rtsp": "rtsp,sdp,rtp,mpegts",
    "http": "mpjpeg,mjpeg,jpeg_pipe,hls,mpegts,mov,mp4,m4a,3gp,3g2,mj2,flv,matroska,webm,h264,hevc",
}
"""What may be behind an address, as FFmpeg calls it."""

PROTOCOLS = {
    "rtsp": "rtsp,rtsps,rtp,srtp,tcp,tls,udp",
    # No file: a playlist from the network must not name what lies on this machine's disk.
    "http": "http,https,httpproxy,tcp,tls,crypto,data,hls",
}

_TRANSPORTS = {
    # Over UDP lost packets become grey smears, in which faces are found and lost.
    "auto": {"rtsp_flags": "prefer_tcp"},
    "tcp": {"rtsp_transport": "tcp"},
    "udp": {"rtsp_transport": "udp"},
}


class Stream(Source):
    """An opened stream; SourceError where it gives no packet for `stall_s`, or no picture."""

    live = True

    def __init__(
        self,
        name: str,
        decoder: Decoder,
        settings: config.Source,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._decoder = decoder
        self._settings = settings
        self._view = View(settings)
        self._width_px = settings.small_width_px
        self._clock = clock
        self._sequence = 0
        self._closing = threading.Event()
        # FFmpeg's readers are not safe to close while another thread reads.
        self._busy = threading.Lock()
        arrival = ArrivalRate(settings.fps, clock)
        rate = arrival if decoder.intra_only else Rate(settings.fps, decoder.time_base)
        self._pictures: Iterator[Any] = decoder.pictures(rate)

    @property
    def damaged(self) -> int:
        """Packets and pictures that could not be decoded, or only in part."""
        return self._decoder.damaged

    def read(self) -> Frame | None:
        """The next picture that `source.fps` asks for; SourceError if there is none in time."""
        since_s = self._clock()
        with self._busy:
            while not self._closing.is_set():
                picture = self._next()
                now_s = self._clock()
                shot = picture and decoded(picture, self._decoder, self._view, self._width_px)
                if shot:
                    self._sequence += 1
                    frame: Frame = shot.frame(self._sequence - 1, now_s)
                    return frame
                if now_s - since_s >= KEYFRAME_S:
                    raise SourceError(
                        f"{self._name} sent nothing for {now_s - since_s:.0f} s that can be "
                        "decoded: give it a keyframe more often"
                    )
        return None

    def close(self) -> None:
        """End the connection; one that hangs is left to the end of the process."""
        self._closing.set()
        if self._busy.acquire(timeout=2 * self._settings.stall_s):
            self._decoder.close()
            self._busy.release()

    def _next(self) -> Any:
        began_s = self._clock()
        try:
            return next(self._pictures)
        except StopIteration:
            if self._clock() - began_s < self._settings.stall_s / 2:
                raise SourceError(f"{self._name} ended the stream") from None
        except (OSError, pyav().FFmpegError):
            pass
        silent_s = self._clock() - began_s
        raise SourceError(f"{self._name} gave no frame for {silent_s:.0f} s") from None


def open_stream(settings: config.Source) -> Stream:
    """Connect to a camera. SourceError tells what is wrong: name, host, password, path, silence."""
    name = shown(settings.uri)
    address = parsed(settings.uri)
    family = address.scheme.removesuffix("s")
    options = {"protocol_whitelist": PROTOCOLS[family]}
    if family == "rtsp":
        options |= _TRANSPORTS[settings.transport]
    opening = Opening(
        options=options,
        formats=FORMATS[family],
        open_s=OPEN_S,
        read_s=settings.stall_s,
        decoder=settings.decoder,
    )
    began_s = time.monotonic()
    try:
        decoder = Decoder(address.url, opening)
    except TooLarge as error:
        raise SourceError(f"{name}: {error}") from error
    except pyav().FFmpegError as error:
        late = time.monotonic() - began_s >= OPEN_S * 0.9
        # Not `from error`, whose text holds the password.
        raise SourceError(f"{name} {why(error, address.url, late=late)}") from None
    return Stream(name, decoder, settings)
