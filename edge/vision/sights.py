"""Frames and tracks → what `aim` shows: boxes and numbers, nothing that is a picture."""

from __future__ import annotations

import cv2
import numpy as np

from edge.config.people import Tracking
from edge.messages.aim import COLUMNS, ROWS, Passed, SeenFace, Sight, Trouble, Verdict
from edge.runtime.capture.view_health import SMALL_PX, trouble_of
from edge.runtime.capture.view_measures import EDGE, measured
from edge.runtime.frame import Box, Frame, Image
from edge.runtime.people.people import PRESENT_S, People
from edge.runtime.people.track import Track

MEASURE_S = 0.5
"""Light and focus are measured this often; the faces at every look."""
FACES_MAX = 200
STANDARD_WIDTH_PX = 640
"""What `tracking.face_min_px` is told for."""

Cell = tuple[int, int]


class Sights:
    """What one aiming keeps: sums, and the cells that those in view have passed."""

    def __init__(self, people: People, settings: Tracking, k: int) -> None:
        self._people, self._settings, self._k = people, settings, k
        self._looks = self._turned = 0
        self._ways: dict[int, set[Cell]] = {}
        self._passed: dict[Cell, int] = {}
        self._measured_s = -MEASURE_S
        self._level = self._moving = 0.0
        self._trouble: Trouble = ""
        self._pixels: Image | None = None

    def follow(self, frame: Frame) -> None:
        """Note where those in view are; of who has left only the sums stay."""
        present = {track.number: track for track in self._people.tracks if track.confirmed}
        for number in [number for number in self._ways if number not in present]:
            for cell in self._ways.pop(number):
                self._passed[cell] = self._passed.get(cell, 0) + 1
        for number, track in present.items():
            self._ways.setdefault(number, set()).add(_cell(track.face.box, frame))
            if track.last_s == frame.captured_s:
                self._looks += 1
                self._turned += self._is_aside(track)

    def sight(self, frame: Frame, ends_in_s: int) -> Sight:
        """What is to be shown of this frame."""
        if abs(frame.captured_s - self._measured_s) >= MEASURE_S:
            self._measure(frame)
        tracks = [t for t in self._people.tracks if frame.captured_s - t.last_s <= PRESENT_S]
        return Sight(
            width=frame.full_width,
            height=frame.full_height,
            ends_in_s=ends_in_s,
            face_min_px=round(self._least_px(frame)),
            faces=tuple(self._face(track, frame) for track in tracks[:FACES_MAX]),
            light=round(self._level),
            moving=round(100 * self._moving),
            trouble=self._trouble,
            looks=self._looks,
            turned=self._turned,
            passed=tuple(
                Passed(*cell, visits)
                for cell, visits in sorted(self._passed.items())
                if visits >= self._k
            ),
        )

    def _measure(self, frame: Frame) -> None:
        self._measured_s = frame.captured_s
        seen = measured(frame)
        self._level, self._trouble = seen.level, trouble_of(seen)
        if self._pixels is not None and self._pixels.shape == seen.pixels.shape:
            self._moving = float(np.mean(cv2.absdiff(seen.pixels, self._pixels) > EDGE))
        self._pixels = seen.pixels

    def _face(self, track: Track, frame: Frame) -> SeenFace:
        box = track.face.box
        left, top, width, height = map(round, (box.left, box.top, box.width, box.height))
        return SeenFace(left, top, width, height, self._verdict(track, frame))

    def _verdict(self, track: Track, frame: Frame) -> Verdict:
        box = track.face.box
        if min(box.left, box.top) < 0 or box.right > frame.full_width or (
            box.bottom > frame.full_height
        ):  # fmt: skip
            return "cut"
        if box.width < self._least_px(frame):
            return "small"
        return "aside" if self._is_aside(track) else "good"

    def _least_px(self, frame: Frame) -> float:
        """The width below which ages are guesses, or a face is nobody."""
        nobody_px = self._settings.face_min_px * frame.full_width / STANDARD_WIDTH_PX
        return max(SMALL_PX, nobody_px)

    def _is_aside(self, track: Track) -> bool:
        pose = track.pose
        return pose is not None and (
            abs(pose.yaw_deg) > self._settings.facing_yaw_deg
            or abs(pose.pitch_deg) > self._settings.facing_pitch_deg
        )


def _cell(box: Box, frame: Frame) -> Cell:
    x, y = box.centre
    column = min(max(int(x * COLUMNS / frame.full_width), 0), COLUMNS - 1)
    return column, min(max(int(y * ROWS / frame.full_height), 0), ROWS - 1)
