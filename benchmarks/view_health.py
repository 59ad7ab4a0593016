"""What the rules of the view's health measure on recordings, and on the same spoilt.

    python -m benchmarks.view_health RECORDING…

For each the steepness, the blocks with edges and the spread of a frame as it is, out of focus by
3, 5 and 8 pixels of 640 (standard deviation), in a third of the light with noise, and under a hand;
then how the edges correlate with those of the first third: at worst later on, and when the camera
is turned by 6, 12 and 25 % of its view. The thresholds stand below.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.config.seen import Source
from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.capture import view_health as rules
from edge.runtime.capture.view_measures import Seen, correlation, measured
from edge.runtime.frame import Frame, Image

EVERY = 10
FRAMES_MAX = 600


def main(names: list[str]) -> int:
    """Print a line a recording."""
    print(
        f"{'steepness/blocks/spread':40} whole, blur 3, 5, 8, dim, hand | edges: same, 6, 12, 25 %"
    )
    for name in names:
        pictures = list(pictures_of(Path(name)))
        measured = [
            f"{m.steep:.2f}/{m.blocks}/{m.spread:.0f}" for m in map(look, spoilt(pictures[-1]))
        ]
        alike = " ".join(f"{share:.2f}" for share in correlations(pictures))
        print(f"{Path(name).name:40} {' '.join(measured)} | {alike}")
    print(f"thresholds: steepness {rules.BLURRED}, blocks {rules.COVERED}, spread {rules.FLAT}, "
          f"correlation {rules.MOVED}")  # fmt: skip
    return 0


def pictures_of(path: Path) -> Iterator[Image]:
    """Every tenth picture, as the detector sees it."""
    with open_source(Source(uri=str(path))) as source:
        for index in range(FRAMES_MAX):
            try:
                frame = source.read()
            except SourceError:
                return
            if frame is None:
                return
            frame.develop()
            if index % EVERY == 0:
                yield frame.small


def look(picture: Image) -> Seen:
    """What the rules see in a picture."""
    height, width = picture.shape[:2]
    return measured(Frame(0, 0.0, picture, width, height, lambda: picture))


def spoilt(picture: Image) -> Iterator[Image]:
    """As it is, out of focus, dim and covered."""
    yield picture
    for sigma in (3, 5, 8):
        yield blurred(picture, sigma)
    noise = np.random.default_rng(1).normal(0, 4, picture.shape)
    yield np.clip(picture / 3 + noise, 0, 255).astype(np.uint8)
    yield np.clip(0.3 * blurred(picture, 60) + (40, 60, 110) + noise, 0, 255).astype(np.uint8)


def blurred(picture: Image, sigma: float) -> Image:
    """Out of focus; `sigma` in pixels of a picture 640 wide."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma * picture.shape[1] / 640), np.uint8)


def correlations(pictures: list[Image]) -> Iterator[float]:
    """Of the usual edges with later ones at worst, and with those of a turned camera."""
    first = max(len(pictures) // 3, 1)
    usual = np.mean([look(picture).edges for picture in pictures[:first]], axis=0)
    later = pictures[first:] or pictures
    yield min(correlation(look(picture).edges, usual) for picture in later)
    for share in (0.06, 0.12, 0.25):
        yield correlation(look(turned(pictures[-1], share)).edges, usual)


def turned(picture: Image, share: float) -> Image:
    """Moved to the left; what comes into view is a mirror image of what is there."""
    px = int(picture.shape[1] * share)
    rest = picture[:, px:]
    return np.asarray(cv2.copyMakeBorder(rest, 0, 0, 0, px, cv2.BORDER_REFLECT), np.uint8)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
