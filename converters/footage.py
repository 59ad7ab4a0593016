"""`agender-convert footage`: the demo's clip, rendered from a public-domain portrait.

NASA's portrait of Eileen Collins (public domain) lies beside this file, pixel for pixel as
scikit-image has it. Her figure walks into view, pauses, leaves, and after an empty stretch comes
back the other way: two visits. Rendering sits on this side of the house because the device package
holds no code that writes a picture.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.files import replacing, tidy_ending

Image = NDArray[np.uint8]

PORTRAIT = Path(__file__).with_name("portrait.webp")

FPS = 10
SIZE_PX = (640, 480)
FIGURE_SCALE = 0.75
GONE, CENTRE = -0.4, 0.5


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of the clip: from where to where the figure moves, as fractions of the width."""

    length_s: float
    start: float
    end: float


SCENES = (
    Scene(1.0, GONE, GONE),
    Scene(2.5, GONE, CENTRE),
    Scene(2.5, CENTRE, CENTRE),
    Scene(2.5, CENTRE, 1 - GONE),
    Scene(5.0, GONE, GONE),
    Scene(2.5, 1 - GONE, CENTRE),
    Scene(2.5, CENTRE, CENTRE),
    Scene(2.5, CENTRE, GONE),
    Scene(2.0, GONE, GONE),
)
"""Two visits, with more than any tracker's patience between them."""

HEAD = ((227, 92), (78, 84))
SHOULDERS = ((185, 150), (270, 150), (312, 235), (362, 300), (362, 512), (18, 512), (40, 285),
             (118, 190))  # fmt: skip


def portrait() -> Image:
    """The portrait, 512 × 512 × 3, BGR."""
    return np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR), np.uint8)


def render(out: Path) -> int:
    """A Motion-JPEG clip at `out`; the number of frames.

    The file appears whole or not at all.
    """
    figure, mask = _figure(portrait())
    count = 0
    with replacing(out) as unfinished:
        writer = cv2.VideoWriter(str(unfinished), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE_PX)
        if not writer.isOpened():
            raise ConvertError(f"cannot write {out}: does its folder exist, and is there room?")
        for count, position in enumerate(_positions(), 1):
            writer.write(_frame(figure, mask, position, count))
        writer.release()
    return count


def _figure(picture: Image) -> tuple[Image, NDArray[np.float32]]:
    """The person without the portrait's background: pixels and a soft mask 0..1."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    centre, axes = HEAD
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1)
    cv2.fillPoly(mask, [np.array(SHOULDERS)], 255)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)
    size = tuple(int(side * FIGURE_SCALE) for side in picture.shape[1::-1])
    figure = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(figure, np.uint8), alpha[..., None]


def _positions() -> Iterator[float]:
    for scene in SCENES:
        frames = round(scene.length_s * FPS)
        yield from np.linspace(scene.start, scene.end, frames, endpoint=False).tolist()


def _frame(figure: Image, mask: NDArray[np.float32], position: float, count: int) -> Image:
    """A wall, with the figure's middle at `position` × the width, bobbing as walkers do."""
    canvas = _wall(count)
    height, width = figure.shape[:2]
    left = round(position * SIZE_PX[0] - width * 0.42)
    top = SIZE_PX[1] - height + round(6 * abs(np.sin(position * 25)))
    low, high = max(left, 0), min(left + width, SIZE_PX[0])
    if low >= high:
        return canvas
    rows = slice(0, SIZE_PX[1] - top)
    columns = slice(low - left, high - left)
    area = canvas[top:, low:high]
    alpha = mask[rows, columns]
    area[:] = (alpha * figure[rows, columns] + (1 - alpha) * area).astype(np.uint8)
    return canvas


def _wall(count: int) -> Image:
    """A wall lit from the left, with a camera's noise (seeded: the same clip every time)."""
    width, height = SIZE_PX
    light = np.linspace(170, 110, width)[None, :, None] * np.ones((height, 1, 3))
    light[int(height * 0.85) :] *= 0.7
    noise = np.random.default_rng(count).normal(0, 2, (height, width, 1))
    return np.clip(light + noise, 0, 255).astype(np.uint8)


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    text = "render the demo's clip from a public-domain portrait"
    parser = verbs.add_parser("footage", help=text, description=text)
    parser.add_argument("out", type=Path, metavar="OUT.avi")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with tidy_ending():
        frames = render(arguments.out)
    print(f"{arguments.out}: {frames} frames, {frames / FPS:g} s")
    return 0


def main() -> int:
    """`python -m converters.footage OUT.avi`: the verb alone, without the converters extra."""
    top = argparse.ArgumentParser(prog="footage")
    add_parser(top.add_subparsers())
    arguments = top.parse_args(["footage", *sys.argv[1:]])
    try:
        return _run(arguments)
    except ConvertError as error:
        print(f"footage: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
