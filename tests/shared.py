"""Places and helpers that tests import by name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.frame import Frame

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
MODELS = ROOT / "models_tflite"

Image = NDArray[np.uint8]


def frame_of(picture: Image, sequence: int = 0, captured_s: float = 0.0) -> Frame:
    """A frame whose small picture is its full one."""
    height, width = picture.shape[:2]
    return Frame(sequence, captured_s, picture, width, height, lambda: picture)


def pictures_of(clip: Path) -> list[Image]:
    """Every picture of a video file, BGR."""
    video = cv2.VideoCapture(str(clip))
    found = []
    while True:
        there, picture = video.read()
        if not there:
            return found
        found.append(picture)
