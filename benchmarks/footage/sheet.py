"""A clip's visits as a contact sheet, a row each, for a person to look at on a workstation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.runtime.frame import Box, Face, Frame, Image, Visit
from edge.runtime.people.people import People

CROPS = 10
SIDE_PX = 96
TEXT_PX = 230
MARGIN = 0.6


class Album:
    """People, and a few crops of each of their tracks, spread over its time."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._crops: dict[int, list[tuple[float, Image]]] = {}
        self._first: dict[int, tuple[float, float]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._people, name)

    def observe(self, frame: Frame, faces: Sequence[Face], *seen: Any) -> list[Visit]:
        """As the people inside."""
        visits = self._people.observe(frame, faces, *seen)
        for track in self._people.tracks:
            if track.last_s == frame.captured_s and track.confirmed:
                self._add(track.number, frame, track.face.box)
                self._first[track.number] = (track.first_s, track.last_s)
        return visits

    def _add(self, number: int, frame: Frame, box: Box) -> None:
        """Keep a crop; when there are too many, every other one."""
        kept = self._crops.setdefault(number, [])
        gap_s = 0.1 if len(kept) < 2 else (kept[1][0] - kept[0][0])
        if kept and frame.captured_s - kept[-1][0] < gap_s:
            return
        kept.append((frame.captured_s, crop(frame.full(), box)))
        if len(kept) > 2 * CROPS:
            del kept[1::2]

    def draw(self, visits: Sequence[Visit], path: Path) -> None:
        """A row a visit: when, what was told, and its crops."""
        rows = [self._row(visit) for visit in visits]
        if rows:
            cv2.imwrite(str(path), np.concatenate(rows))

    def _row(self, visit: Visit) -> Image:
        times = visit.first_seen_s, visit.last_seen_s
        number = next((n for n, seen in self._first.items() if seen == times), -1)
        kept = self._crops.get(number, [])
        chosen = [kept[i] for i in np.linspace(0, len(kept) - 1, min(CROPS, len(kept))).astype(int)]
        row = np.full((SIDE_PX, TEXT_PX + CROPS * SIDE_PX, 3), 255, np.uint8)
        sex = {True: "woman", False: "man", None: "?"}[visit.female]
        age = "?" if visit.age_years is None else f"{visit.age_years:.0f}"
        said = "" if visit.is_face else " NO FACE"
        cv2.putText(row, f"#{number} {times[0]:.1f}-{times[1]:.1f}", (4, 30), 0, 0.6, 0)
        cv2.putText(row, f"{sex} {age}{said}", (4, 60), 0, 0.6, 0)
        for index, (_, picture) in enumerate(chosen):
            left = TEXT_PX + index * SIDE_PX
            row[:, left : left + SIDE_PX] = picture
        return row


def crop(full: Image, box: Box) -> Image:
    """The face and what is round it, SIDE_PX a side."""
    side = max(box.width, box.height) * (1 + 2 * MARGIN)
    x, y = box.centre
    scale = SIDE_PX / side
    matrix = np.array([[scale, 0, SIDE_PX / 2 - scale * x], [0, scale, SIDE_PX / 2 - scale * y]])
    return np.asarray(cv2.warpAffine(full, matrix, (SIDE_PX, SIDE_PX)), np.uint8)
