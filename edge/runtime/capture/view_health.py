"""Whether the camera sees anything worth counting in: frames and faces → ViewHealth.

Every LOOK_S the brightness of a frame is looked at, a thumbnail of it in fact. A flag is raised
when its rule has held for some time, and lowered when a weaker one has not held for some time
(hysteresis), so that a hand that passes, a lamp that flickers or a lorry is told of nobody.

The thresholds were chosen on 23 recordings and what was done to them (`python -m
benchmarks.view_health` prints both sides of each).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.messages.aim import Trouble
from edge.runtime.capture.view_measures import WRITTEN, Seen, correlation, measured
from edge.runtime.frame import ALL_WELL, Face, Frame, Image

LOOK_S = 4.0
"""Between two looks; in between the last one holds."""

DARK, BRIGHT = 45.0, 60.0
"""Levels, of 256, that a twentieth of the picture exceeds: below the first it is dark."""

COVERED, UNCOVERED = WRITTEN, 8
"""Blocks with edges in them, of 48: a hand, a bag or a web leaves none, a bare wall more."""

FLAT, VARIED = 25.0, 32.0
"""Standard deviation of the levels: without edges, but not flat, is a picture out of focus."""

BLURRED, SHARP = 0.42, 0.5
"""Steepness of the steepest edges, in standard deviations of the picture a pixel."""

BLURRED_SHARE, SHARP_SHARE = 0.5, 0.6
"""The same as a share of what this camera was used to."""

MOVED, BACK = 0.45, 0.6
"""Correlation of the picture's edges, in 40 × 24 cells, with those it was used to."""

USED_TO_S = 300.0
"""Time constant with which a camera gets used to what it sees."""
LEARN_LOOKS = 10
"""Before so many looks nothing is known that could have changed."""
ADOPT_S = 600.0
"""So long after it was moved, what the camera sees is what it is used to."""

FACES = 20
"""So many looks with faces make a judgement on where they are and how large."""
FACES_KEPT = 60
SMALL_PX, LARGE_PX = 20.0, 24.0
"""Median width of faces in the full frame: below the first, estimates are guesses."""
CUT_SHARE, WHOLE_SHARE = 0.3, 0.2
"""Share of faces that the upper or lower edge cuts; at the sides people come and go."""


class Rule(NamedTuple):
    """For how long a condition must hold to raise a flag, and must not to lower it, seconds."""

    raise_s: float
    lower_s: float


RULES = {
    "dark": Rule(10.0, 4.0),
    "covered": Rule(10.0, 4.0),
    "frozen": Rule(30.0, 2.0),
    "blurred": Rule(30.0, 10.0),
    "moved": Rule(20.0, 10.0),
}


class Flag:
    """A condition with hysteresis in level and in time."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._since_s: float | None = None
        self.up = False

    def look(self, now_s: float, *, bad: bool, good: bool) -> bool:
        """Take what a look says; neither bad nor good leaves the flag as it is."""
        changing = good if self.up else bad
        if not changing:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s
        if self._since_s is not None:
            needed_s = self._rule.lower_s if self.up else self._rule.raise_s
            if now_s - self._since_s >= needed_s:
                self.up, self._since_s = not self.up, None
        return self.up


class ViewWatch:
    """Watches one camera's view; a fresh one for each camera."""

    def __init__(self) -> None:
        self.health = ALL_WELL
        self.blind = False
        """Whether nothing could be seen at the last look, however lately that began."""
        self._looked_s = -math.inf
        self._flags = {name: Flag(rule) for name, rule in RULES.items()}
        self._last: Image | None = None
        self._usual: NDArray[np.float32] | None = None
        self._usual_steep = 0.0
        self._looks = 0
        self._moved_s: float | None = None
        self._widths: deque[float] = deque(maxlen=FACES_KEPT)
        self._cut: deque[float] = deque(maxlen=FACES_KEPT)

    def frame(self, frame: Frame) -> None:
        """Look at a frame, if it is time."""
        passed_s = frame.captured_s - self._looked_s
        if 0 <= passed_s < LOOK_S:
            return
        self._looked_s = frame.captured_s
        seen = measured(frame)
        self._judge(seen, frame.captured_s)
        if not (self.blind or self._flags["blurred"].up or self._flags["moved"].up):
            self._get_used_to(seen, min(passed_s, LOOK_S * 2))
        self._last = seen.pixels

    def faces(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Note where faces are and how large, once for each look that found any."""
        if not faces:
            return
        cut = [face.box.top < 0 or face.box.bottom > frame.full_height for face in faces]
        self._widths.append(median([face.box.width for face in faces]))
        self._cut.append(sum(cut) / len(cut))
        if len(self._widths) < FACES:
            return
        width, share = median(self._widths), sum(self._cut) / len(self._cut)
        health = self.health
        self.health = health._replace(
            faces_too_small=width < (LARGE_PX if health.faces_too_small else SMALL_PX),
            faces_cut=share > (WHOLE_SHARE if health.faces_cut else CUT_SHARE),
        )

    def _judge(self, seen: Seen, now_s: float) -> None:
        dark = seen.level < DARK
        edgeless = seen.blocks <= COVERED
        covered = edgeless and not dark and seen.spread < FLAT
        uncovered = seen.blocks >= UNCOVERED or seen.spread > VARIED
        same = self._last is not None and np.array_equal(seen.pixels, self._last)
        flags = self._flags
        flags["dark"].look(now_s, bad=dark, good=seen.level > BRIGHT)
        flags["covered"].look(now_s, bad=covered, good=dark or uncovered)
        flags["frozen"].look(now_s, bad=same, good=not same)
        self.blind = dark or edgeless or flags["frozen"].up
        self._judge_sharpness(seen, now_s, hidden=dark or covered)
        self._judge_place(seen, now_s)
        raised = {name: flag.up for name, flag in flags.items()}
        self.health = self.health._replace(**raised)

    def _judge_sharpness(self, seen: Seen, now_s: float, *, hidden: bool) -> None:
        """Against a bound for all cameras, and against what this one was used to."""
        known = self._looks >= LEARN_LOOKS
        bad_share = known and seen.steep < BLURRED_SHARE * self._usual_steep
        good_share = not known or seen.steep > SHARP_SHARE * self._usual_steep
        self._flags["blurred"].look(
            now_s,
            bad=not hidden and (seen.steep < BLURRED or bad_share),
            good=hidden or (seen.steep > SHARP and good_share),
        )

    def _judge_place(self, seen: Seen, now_s: float) -> None:
        """Whether the edges are where they were; after ADOPT_S their new places are the usual."""
        flag = self._flags["moved"]
        if self._usual is None or self._looks < LEARN_LOOKS:
            return
        alike = correlation(seen.edges, self._usual)
        was = flag.up
        flag.look(now_s, bad=not self.blind and alike < MOVED, good=alike > BACK)
        if flag.up and not was:
            self._moved_s = now_s
        if flag.up and self._moved_s is not None and now_s - self._moved_s >= ADOPT_S:
            self._usual, self._looks = None, 0
            self._flags["moved"] = Flag(RULES["moved"])

    def _get_used_to(self, seen: Seen, passed_s: float) -> None:
        self._looks += 1
        if self._usual is None:
            self._usual, self._usual_steep = seen.edges.copy(), seen.steep
            return
        # At first the mean of all looks, later a slow one.
        share = max(1 / self._looks, 1 - math.exp(-passed_s / USED_TO_S))
        self._usual += np.float32(share) * (seen.edges - self._usual)
        self._usual_steep += share * (seen.steep - self._usual_steep)


def trouble_at_sight(frame: Frame) -> str:
    """The first of dark, covered and blurred that one frame shows; empty for none."""
    return trouble_of(measured(frame))


def trouble_of(seen: Seen) -> Trouble:
    """The same of what was measured."""
    if seen.level < DARK:
        return "dark"
    if seen.blocks <= COVERED and seen.spread < FLAT:
        return "covered"
    return "blurred" if seen.steep < BLURRED else ""
