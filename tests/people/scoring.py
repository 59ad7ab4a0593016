"""Tracks against the truth of a scene: switches, double counts, missed people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from edge.runtime.frame import Face
from tests.people.scenes import Shot

LEAST_S = 1.0
"""A stay shorter than this need not be counted."""


class Followed(Protocol):
    """A track, as far as scoring sees it."""

    number: int
    face: Face
    confirmed: bool


class Following(Protocol):
    """A tracker, as far as scoring sees it."""

    def update(self, faces: Sequence[Face], time_s: float) -> Sequence[Followed]:
        """One frame's detections → the tracks seen in it."""

    def expire(self, time_s: float) -> Sequence[Followed]:
        """Drop what is lost."""


@dataclass(frozen=True)
class Score:
    """Numbers of people and of errors; they add up over scenes."""

    people: int = 0
    switches: int = 0
    doubles: int = 0
    missed: int = 0
    ghosts: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.people + other.people,
            self.switches + other.switches,
            self.doubles + other.doubles,
            self.missed + other.missed,
            self.ghosts + other.ghosts,
        )

    def share(self, errors: int) -> float:
        """Errors per person, in percent."""
        return 100 * errors / max(self.people, 1)


def score(tracker: Following, shots: Iterable[Shot]) -> Score:
    """Run a tracker over a scene.

    A counted track belongs to the person whose face it held most often. switches: a person's
    face passes from one counted track to another. doubles: counted tracks beyond a person's
    first. missed: people without a counted track of their own. ghosts: counted tracks that held
    nobody.
    """
    seen_s: dict[int, list[float]] = defaultdict(list)
    held: dict[int, Counter[int | None]] = defaultdict(Counter)
    chain: dict[int, list[int]] = defaultdict(list)
    confirmed: set[int] = set()
    for shot in shots:
        now_s = shot.frame.captured_s
        owner = {id(face): who for face, who in zip(shot.faces, shot.owners, strict=True)}
        for number in shot.truth:
            seen_s[number].append(now_s)
        for track in tracker.update(shot.faces, now_s):
            who = owner[id(track.face)]
            held[track.number][who] += 1
            if track.confirmed:
                confirmed.add(track.number)
            if who is not None:
                chain[who].append(track.number)
        tracker.expire(now_s)
    people = [who for who, times in seen_s.items() if times[-1] - times[0] >= LEAST_S]
    counted = Counter(held[number].most_common(1)[0][0] for number in confirmed)
    return Score(
        people=len(people),
        switches=sum(_switches(chain[who], confirmed) for who in people),
        doubles=sum(max(counted[who] - 1, 0) for who in seen_s),
        missed=sum(counted[who] == 0 for who in people),
        ghosts=counted[None],
    )


def _switches(chain: list[int], confirmed: set[int]) -> int:
    numbers = [number for number in chain if number in confirmed]
    return sum(a != b for a, b in pairwise(numbers))
