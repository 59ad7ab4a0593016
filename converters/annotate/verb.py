"""`agender-convert annotate SOURCE OUT`: boxes and labels on a file, to check a model by eye."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from converters.annotate.draw import drawn
from converters.annotate.inference import FaceReader, open_reader
from converters.annotate.inputs import Input, open_input
from converters.annotate.outputs import PICTURES, SHEET_FRAMES, VIDEOS, Output, Sheet, Video
from converters.errors import ConvertError
from converters.files import replacing, tidy_ending
from edge.config.tables import Config
from edge.errors import SourceError
from edge.progress import Pace
from edge.redact import shown

EXAMPLES = """examples:
  agender-convert annotate street.mp4 street_seen.mp4
  agender-convert annotate street.mp4 sheet.png --every 25
  agender-convert annotate faces/ faces_seen.mp4 --model models_tflite/ssrnet_age_imdb.json \\
      models_tflite/ssrnet_gender_imdb.json --detector near
  agender-convert annotate https://example.org/live.m3u8 seen.mp4 --limit 200 --tracks

SOURCE is a picture, a folder of pictures, a video file, or an address of a picture or video
(http, https, m3u8, rtsp). Pages of video sites need yt-dlp: pip install 'agender-edge[sites]'.
Every face of every frame is estimated afresh, so that a network's wavering shows; the device
estimates each person a few times and fuses that. Use it on recordings of people who agreed."""


@dataclass(slots=True)
class Tally:
    """What went into the file."""

    frames: int = 0
    empty: int = 0
    faces: int = 0
    broken: SourceError | None = None
    """Why the source ended before its end."""

    def add(self, faces: int) -> None:
        """One more frame, with so many faces."""
        self.frames += 1
        self.faces += faces
        self.empty += not faces


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "annotate",
        help="draw what the device would see on a copy of a picture or video",
        description="Draw boxes, age, gender and confidence on a copy of a picture or video, "
        "through the device's own detection and estimation code.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    config = Config()
    parser.add_argument("source", metavar="SOURCE", help="picture, folder, video or address")
    parser.add_argument("out", type=Path, metavar="OUT",
                        help=f"{', '.join(VIDEOS)}; or {', '.join(PICTURES)}: one picture, or a "
                        "sheet of several")  # fmt: skip
    parser.add_argument("--model", type=Path, nargs="+", default=[], metavar="CARD",
                        help="cards (NAME.json); default: the device's, "
                        + ", ".join(config.estimator.models))  # fmt: skip
    parser.add_argument("--detector", default=config.detector.model,
                        help="preset or card (default: %(default)s)")  # fmt: skip
    parser.add_argument("--models", type=Path, default=Path(config.paths.models),
                        help="folder of the models (default: the package's)")  # fmt: skip
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth frame")
    parser.add_argument("--limit", type=int, metavar="N",
                        help=f"stop after N frames (a sheet: {SHEET_FRAMES})")  # fmt: skip
    parser.add_argument("--tracks", action="store_true", help="number people over time")
    parser.add_argument("--force", action="store_true", help="overwrite OUT")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Annotate; 0, or 3 where the source ended early (what could be read is in OUT)."""
    out: Path = arguments.out
    _check(arguments)
    reader = open_reader(
        arguments.model, Config().estimator.models, arguments.detector, arguments.models,
        tracks=arguments.tracks,
    )  # fmt: skip
    given = open_input(arguments.source)
    limit = _limit(given, arguments)
    with tidy_ending(), given.source, replacing(out) as fresh:
        fps = given.fps / arguments.every
        target: Output = Video(fresh, fps) if _is_video(out) else Sheet(fresh)
        tally = _annotate(given, reader, target, arguments.every, limit)
        if not tally.frames:
            raise tally.broken or SourceError(f"{arguments.source} holds no frame")
        target.finish()
    print(f"{out}: {tally.frames} frames, {tally.faces} faces, {tally.empty} frames without one")
    if tally.broken is None:
        return 0
    print(f"agender-convert: {tally.broken}", file=sys.stderr)
    return tally.broken.status


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is opened."""
    out: Path = arguments.out
    if out.suffix.lower() not in (*VIDEOS, *PICTURES):
        known = ", ".join((*VIDEOS, *PICTURES))
        raise ConvertError(f"OUT is {out}, whose ending says no known format; right are {known}")
    for name in ("every", "limit"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ConvertError(f"--{name} is {value}, must be 1 or more")
    if out.is_dir():
        raise ConvertError(f"OUT is {out}, which is a folder: name a file")
    source = Path(arguments.source)
    if out.exists() and source.exists() and source.samefile(out):
        raise ConvertError("OUT is SOURCE itself: choose another name")
    if out.exists() and not arguments.force:
        raise ConvertError(f"{out} exists: choose another name, or --force")


def _limit(given: Input, arguments: argparse.Namespace) -> int | None:
    """After how many frames to stop; None at the end."""
    if given.still and _is_video(arguments.out):
        raise ConvertError(f"a picture gives a picture: name OUT {arguments.out.stem}.png")
    limit: int | None = arguments.limit
    if limit is None and not _is_video(arguments.out):
        return SHEET_FRAMES
    if limit is None and given.frames is None:
        raise ConvertError(
            f"{shown(arguments.source)} does not say how long it is: say when to stop with --limit"
        )
    return limit


def _annotate(
    given: Input, reader: FaceReader, target: Output, every: int, limit: int | None
) -> Tally:
    """Every `every`th frame, looked at and drawn on, up to `limit` of them or the end."""
    tally = Tally()
    # What a file says of its length is an estimate: good for a bar, not for stopping.
    about = None if given.frames is None else -(-given.frames // every)
    pace = Pace(min(n for n in (about, limit) if n is not None), "frames")
    try:
        for number in count():
            frame = None if tally.frames == limit else given.source.read()
            if frame is None:
                break
            if number % every == 0:
                everyone = reader.read(frame)
                target.add(drawn(frame.full(), everyone, reader.confidence_min))
                tally.add(len(everyone))
                pace.show(tally.frames)
            frame.release()
    except SourceError as error:
        tally.broken = error
    return tally


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS
