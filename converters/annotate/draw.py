"""Faces and what was said of them, drawn on a picture: on a workstation, never on a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.runtime.frame import Box, Estimate, Face, Image

WIDE_ENOUGH_PX = 640
"""Narrower pictures are enlarged, so that the labels can be read."""

COLOURS = {"woman": (60, 60, 220), "man": (200, 120, 20), "unknown": (110, 110, 110)}
"""BGR, dark enough for white text on them."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Seen:
    """One face of one frame: what was estimated, and the track it belongs to, if asked for."""

    face: Face
    estimate: Estimate
    track: int | None = None


def gender_of(estimate: Estimate, confidence_min: float) -> str:
    """'woman', 'man', or 'unknown' where the confidence does not reach the card's minimum."""
    if estimate.female is None or max(estimate.female, 1 - estimate.female) < confidence_min:
        return "unknown"
    return "woman" if estimate.female >= 0.5 else "man"


def label_of(seen: Seen, confidence_min: float) -> str:
    """'#3 woman 91 %, 34 years': what is said of a face; 'unknown (man 55 %)' in doubt."""
    estimate, said = seen.estimate, []
    if estimate.female is not None:
        likelier = "woman" if estimate.female >= 0.5 else "man"
        text = f"{likelier} {100 * max(estimate.female, 1 - estimate.female):.0f} %"
        sure = gender_of(estimate, confidence_min) != "unknown"
        said.append(text if sure else f"unknown ({text})")
    if estimate.age_years is not None:
        said.append(f"{estimate.age_years:.0f} years")
    number = "" if seen.track is None else f"#{seen.track} "
    return number + (", ".join(said) or f"face {100 * seen.face.score:.0f} %")


def drawn(picture: Image, everyone: Sequence[Seen], confidence_min: float) -> Image:
    """A copy of a BGR picture with a box and a label for each face; small ones are enlarged."""
    factor = max(1, -(-WIDE_ENOUGH_PX // picture.shape[1]))
    size = (picture.shape[1] * factor, picture.shape[0] * factor)
    canvas = np.array(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    for seen in everyone:
        colour = COLOURS[gender_of(seen.estimate, confidence_min)]
        _mark(canvas, seen.face.box, factor, label_of(seen, confidence_min), colour)
    return canvas


def _mark(canvas: Image, box: Box, factor: int, label: str, colour: tuple[int, int, int]) -> None:
    """The box, and the label above it, or below where there is no room."""
    height, width = canvas.shape[:2]
    thick = max(1, round(height / 400))
    left, top = round(box.left * factor), round(box.top * factor)
    right, bottom = round(box.right * factor), round(box.bottom * factor)
    cv2.rectangle(canvas, (left, top), (right, bottom), colour, thick)
    scale = max(0.45, height / 1200)
    (across, up), below = cv2.getTextSize(label, _FONT, scale, thick)
    x = min(max(left, 0), max(width - across, 0))
    y = top - below if top - below - up >= 0 else min(bottom + up + below, height - below)
    cv2.rectangle(canvas, (x, y - up - below // 2), (x + across, y + below), colour, cv2.FILLED)
    cv2.putText(canvas, label, (x, y), _FONT, scale, _WHITE, thick, cv2.LINE_AA)
