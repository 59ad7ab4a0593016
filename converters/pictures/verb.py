"""`agender-convert pictures FOLDER`: make the README's pictures, with the product itself.

`watch.svg` plays what a terminal shows of `agender-edge demo`; `frame.jpg` is NASA's portrait of
Eileen Collins (public domain) as `agender-convert annotate` draws what the device sees in it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2

import converters.annotate.verb as annotate
from converters.files import tidy_ending, write_whole
from converters.footage import PORTRAIT
from converters.pictures.screens import recorded
from converters.pictures.svg import animated

SIZE_PX = (512, 512)
JPEG_QUALITY = 80
EXAMPLES = """examples:
  agender-convert pictures docs/pictures"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "pictures",
        help="make the README's pictures from the demo and a public-domain portrait",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where they go")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make both; ConvertError where the demo can't be had."""
    folder: Path = arguments.folder
    with tidy_ending():
        annotated(folder / "frame.jpg")
        screens = recorded()
        write_whole(folder / "watch.svg", animated(screens).encode())
    print(f"{folder / 'watch.svg'}: {len(screens)} screens")
    return 0


def annotated(out: Path) -> None:
    """The portrait, annotated as any picture is."""
    top = argparse.ArgumentParser()
    annotate.add_parser(top.add_subparsers())
    with tempfile.TemporaryDirectory(prefix="agender-pictures-") as scratch:
        seen = Path(scratch, "seen.png")
        annotate.run(top.parse_args(["annotate", str(PORTRAIT), str(seen)]))
        picture = cv2.resize(cv2.imread(str(seen)), SIZE_PX, interpolation=cv2.INTER_AREA)
    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    write_whole(out, content.tobytes())
