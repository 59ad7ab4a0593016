"""The one adapter to FFmpeg (by PyAV): an opened file or stream → decoded pictures.

What cannot be decoded is passed over and counted. Sizes are bounded before memory is taken, waits
by time limits. One thread decodes: more keep several pictures ahead, each in a buffer of its own,
memory that a Pi Zero does not have, for time that the networks need.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO, NamedTuple

from edge.closing import Closing
from edge.errors import SourceError

log = logging.getLogger("capture")

PIXELS_MAX = 4096 * 3072
"""A larger picture is not decoded: 12 megapixels, the largest of cameras on sale for counting."""

ERRORS_MAX = 100
"""So many failed readings in a row are the end: nothing can be read behind the damage."""

REORDERED = 32
"""A picture comes at most so many packets after its own: codecs keep 16 for reordering."""

HARDWARE = "v4l2m2m"
"""FFmpeg's name for decoders of the kernel's, as a Raspberry Pi 4 has one for H.264."""

Wanted = Callable[[Any], bool]
"""Whether a packet's picture is wanted; see `edge.runtime.capture.rate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How an address is opened. `options` are FFmpeg's own, of demuxer and protocol.

    `formats` names the containers that may be read, as FFmpeg does; None: any.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    formats: str | None = None
    open_s: float = 30.0
    read_s: float = 30.0
    decoder: str = "software"
    pixels_max: int = PIXELS_MAX


class Shape(NamedTuple):
    """How a picture's pixels become square: its width and height then, and its turn in degrees."""

    width: int
    height: int
    turn_deg: int


class Decoder(Closing):
    """One opened video. Its errors while opening are FFmpeg's own (av.FFmpegError)."""

    def __init__(self, address: str | BinaryIO, opening: Opening = Opening()) -> None:
        """`address` as FFmpeg takes it, or a file that is open."""
        self._pixels_max = opening.pixels_max
        library = pyav()
        self._library = library
        self.shape: Shape | None = None
        """That of the picture that was given last, as it is shown; none before the first."""
        self.damaged = 0
        """Packets and pictures that could not be decoded, or only in part."""
        options = {"max_pixels": str(self._pixels_max), "max_streams": "32", **opening.options}
        if opening.formats:
            options["format_whitelist"] = opening.formats
        self._container = library.open(
            address,
            options=options,
            timeout=(opening.open_s, opening.read_s),
            metadata_errors="replace",
        )
        try:
            self.stream = self._video()
            self._context = self._decoder(opening.decoder)
        except BaseException:
            self._container.close()
            raise
        self.time_base: Fraction = self.stream.time_base or Fraction(1, 90_000)
        self.fps = float(self.stream.average_rate or self.stream.guessed_rate or 0)
        self.intra_only = bool(self._context.codec.intra_only)

    @property
    def frames_announced(self) -> int:
        """How many pictures the container says it holds; 0 where it does not say."""
        duration_s = float((self.stream.duration or 0) * self.time_base)
        return int(self.stream.frames or duration_s * self.fps)

    @property
    def length_s(self) -> float:
        """How long all that is in the container lasts, sound too; 0 where it does not say."""
        return float((self._container.duration or 0) / self._library.time_base)

    def pictures(self, wanted: Wanted | None = None) -> Iterator[Any]:
        """Every picture (av.VideoFrame) in the order of their times.

        None for a packet that gave none, so that a caller may look at the time. What is not
        `wanted` is not given, nor decoded where later pictures do not depend on it.
        """
        chosen: deque[int | None] = deque(maxlen=REORDERED)
        for packet in self._packets():
            given: list[Any] = []
            if wanted is None:
                given = self._decoded(packet, "DEFAULT")
            elif packet.size == 0 or wanted(packet):
                chosen.append(packet.pts)
                given = self._decoded(packet, "DEFAULT")
            elif not self.intra_only:
                given = self._decoded(packet, "NONREF")
            if wanted is not None:
                given = [picture for picture in given if picture.pts in chosen]
            yield from given or (None,)

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a pixel by its height; 1 where the video says none, or none that can be."""
        aspect = self.stream.sample_aspect_ratio or self._context.sample_aspect_ratio
        return aspect if aspect and Fraction(1, 8) <= aspect <= 8 else Fraction(1)

    def close(self) -> None:
        """Close the file or connection."""
        self._container.close()

    def _video(self) -> Any:
        streams = self._container.streams
        try:
            stream = streams.best("video")
        except IndexError:  # FFmpeg knows of a stream that came too late for PyAV
            stream = next(iter(streams.video), None)
        if stream is None:
            raise self._library.error.InvalidDataError(0, "it holds no video")
        if stream.codec_context is None:
            raise self._library.error.DecoderNotFoundError(0, "it is in an unknown format")
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > self._pixels_max:
            raise TooLarge(width, height, self._pixels_max)
        return stream

    def _decoder(self, wanted: str) -> Any:
        """The decoder that the settings ask for, made ready; SourceError where there is none."""
        context, found = self.stream.codec_context, self.stream.codec_context.codec.name
        names = {"software": found, "hardware": f"{found}_{HARDWARE}"}
        name = names.get(wanted, wanted)
        try:
            if name != found:
                context = self._like(context, name)
            context.thread_count = 1
            context.options = {"max_pixels": str(self._pixels_max)}
            context.open()
        except (self._library.FFmpegError, ValueError) as error:
            if name == found:
                raise
            raise SourceError(
                f"source.decoder: {name} is no decoder that can be used here ({error}); "
                "software always can"
            ) from error
        return context

    def _like(self, probed: Any, name: str) -> Any:
        """A decoder by its name for what was found to be in the stream."""
        context = self._library.CodecContext.create(name, "r")
        context.extradata = probed.extradata
        context.width, context.height = probed.width, probed.height
        return context

    def _packets(self) -> Iterator[Any]:
        """Every packet of the video; reading goes on behind damage."""
        errors = 0
        packets = self._container.demux(self.stream)
        while errors < ERRORS_MAX:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except self._library.error.EOFError:
                return
            except self._library.error.ExitError as error:
                raise TimeoutError from error
            # IndexError: a packet of a stream that came too late for PyAV.
            except (self._library.FFmpegError, IndexError):
                errors += 1
                self.damaged += 1
                packets = self._container.demux(self.stream)
                continue
            errors = 0
            yield packet

    def _decoded(self, packet: Any, skip: str) -> list[Any]:
        """The pictures that a packet completes; none of it where it is damaged."""
        if self._context.skip_frame != skip:
            self._context.skip_frame = skip
        try:
            pictures: list[Any] = self._context.decode(packet if packet.size else None)
        except MemoryError as error:
            raise SourceError("a picture takes more memory than there is") from error
        except self._library.FFmpegError:
            self.damaged += 1
            return []
        self.damaged += sum(picture.is_corrupt for picture in pictures)
        return pictures


class TooLarge(SourceError):
    """A picture of more pixels than may be decoded."""

    def __init__(self, width: int, height: int, pixels_max: int) -> None:
        super().__init__(
            f"its pictures have {width} × {height} pixels; at most {pixels_max:,} are decoded"
        )


def pyav() -> Any:
    """The module av, imported when a file or stream is opened: a camera on a Pi needs none."""
    try:
        import av  # noqa: PLC0415 - tens of megabytes that a Pi's own camera does without
        import av.error  # noqa: PLC0415
    except ImportError as error:
        raise SourceError(
            f"reading files and streams needs PyAV, which cannot be imported ({error}): "
            "pip install av, or apt install python3-av on a 32-bit system"
        ) from error
    return av
