"""Places and helpers that tests import by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.runtime.detect.base import fit
from edge.runtime.detect.region import columns_of, is_cut
from edge.runtime.frame import Face, Frame, Span

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


WHOLE_PX = 320, 240
PARTS_PX = 160, 240
"""Width and height of the default detector's network for 4:3, and the widths of its siblings."""


def seen_in(across: Span, faces: Sequence[Face], frame: Frame) -> list[Face]:
    """Of all the faces, those that the default detector is shown when asked for these columns.

    As it does, everything where a part of the frame shows one that its edge may cut.
    """
    height, width = frame.small.shape[:2]
    for part in PARTS_PX:
        columns = columns_of(across, frame, fit(width, height, *WHOLE_PX).scale, part)
        if columns is not None:
            scale = frame.full_width / width
            left, right = columns.start * scale, columns.stop * scale
            shown = [face for face in faces if face.box.right > left and face.box.left < right]
            cut = any(is_cut(face, columns, frame) for face in shown)
            return list(faces) if cut else shown
    return list(faces)
