"""What is known of one person: a few estimates from the best crops, fused.

Crops of one person err together (the same haircut, the same light), so a hundred of them are
not a hundred independent opinions. With a correlation ρ between any two, n of them weigh as much
as n / (1 + (n − 1)ρ) independent ones; gender's log-odds are their weighted mean times that
number. Age is a Huber mean (Huber 1964): an outlier pulls no harder than a moderate error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from edge.runtime.frame import Estimate, Face
from edge.runtime.people.pose import Pose

CORRELATION = 0.4
"""ρ between the log-odds of two crops of the same person."""

ODDS_LIMIT = 3.5
"""One crop's log-odds are cut here (97 %): networks are surer than they are right."""

HUBER_YEARS = 4.0
"""Beyond this distance from the mean an age pulls with constant force."""

GOOD_WIDTH_PX = 64.0
"""A face this wide in the full frame is as good as any wider one."""

BETTER = 1.5
"""A crop this many times better than the best so far is worth an estimate before its turn, and when
the others are all made: whoever walks up is smallest at first."""

KEPT = 4
"""Estimates that are fused: the best crops' of a whole visit."""

FIRST_PAUSE_S = 0.15
"""Between the first two estimates; every further pause is twice the last: crops apart in time
tell more than neighbours."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is estimated a person, and when it is believed.

    `gender_confidence_min` and `age_spread_max_years` are the estimator card's.
    """

    estimates_max: int = 8
    estimates_enough: int = 3
    sure: float = 0.9
    sure_age_years: float = 3.0
    gender_confidence_min: float = 0.6
    age_spread_max_years: float | None = None
    score_low: float = 0.0
    """What a look counts for that misses a face (the detector's card)."""
    face_min: float = 0.0
    """Without one second look that reaches this, a face may be none (the detector's card)."""
    face_mean_min: float = 0.0
    """Nor has the detector itself been this sure on average."""
    face_chance_min: float = 0.0
    """Without one crop that the estimator takes for a face with this probability it is none (the
    estimator's card)."""


class Fused(NamedTuple):
    """The person's attributes so far: P(woman) and age in years, None where never estimated."""

    female: float | None
    age_years: float | None
    age_spread_years: float | None

    @property
    def sureness(self) -> float:
        """How sure the likelier gender is, 0.5 to 1."""
        return 0.5 if self.female is None else max(self.female, 1 - self.female)

    def told_female(self, limits: Limits) -> bool | None:
        """Whether the person is told as a woman; None where that is not sure enough."""
        if self.female is None or self.sureness < limits.gender_confidence_min:
            return None
        return self.female > 0.5

    def told_age_years(self, limits: Limits) -> float | None:
        """The age that is told; None where it is too vague."""
        most, spread = limits.age_spread_max_years, self.age_spread_years
        told = most is None or (spread is not None and spread <= most)
        return self.age_years if told else None


def quality_of(face: Face, pose: Pose | None) -> float:
    """How much a sharp crop can tell, 0..1: size, frontality and the detector's own score.

    Frontality falls to a half at 35° off; without landmarks a face is taken for half frontal.
    """
    size = min(face.box.width / GOOD_WIDTH_PX, 1.0)
    if pose is None:
        frontality = 0.5
    else:
        off_deg = math.hypot(pose.yaw_deg, pose.pitch_deg)
        frontality = 1 / (1 + (off_deg / 35) ** 2)
    return size * frontality * face.score


class Evidence:
    """The estimates of one person's best crops: KEPT of them, of `estimates_max` that are made."""

    __slots__ = (
        "_best",
        "_limits",
        "_made",
        "_next_s",
        "_pause_s",
        "_samples",
        "certain",
        "certainly_face",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._samples: list[tuple[float, Estimate]] = []
        self._best = 0.0
        self._made = 0
        self._next_s = -math.inf
        self._pause_s = FIRST_PAUSE_S
        self.certain = False
        """Whether more estimates would hardly change the answer."""
        self.certainly_face = False
        """Whether a second look has seen a face: no further one is needed."""

    def wish(self, quality: float, time_s: float) -> float:
        """How much a crop of this quality is wanted now; 0 = not at all, and never negative."""
        if self._made >= self._limits.estimates_max or quality <= 0:
            return 0.0
        if self._made == 0:
            return 1.0 + quality
        if quality > BETTER * self._best:
            return quality
        if self._made >= KEPT or time_s < self._next_s or self.certain:
            return 0.0
        return quality / (1 + self._made)

    def add(self, estimate: Estimate, quality: float, time_s: float) -> None:
        """Take one crop's estimate; the worst crop's is dropped where there are more than KEPT."""
        self._made += 1
        self.certainly_face |= (estimate.face or 0.0) >= self._limits.face_min
        self._samples.append((max(quality, 1e-3), estimate))
        if len(self._samples) > KEPT:
            self._samples.remove(min(self._samples, key=lambda sample: sample[0]))
        self._best = max(self._best, quality)
        self._next_s = time_s + self._pause_s
        self._pause_s *= 2
        self.certain = self._enough()

    def _enough(self) -> bool:
        if len(self._samples) < self._limits.estimates_enough:
            return False
        fused = self.fused()
        gender_sure = fused.female is None or (
            max(fused.female, 1 - fused.female) >= self._limits.sure
        )
        spread = fused.age_spread_years
        age_sure = spread is None or spread <= self._limits.sure_age_years
        return gender_sure and age_sure

    def is_face(self, score_mean: float) -> bool:
        """Whether this is a face, given the detector's mean score: yes, unless all second looks
        and that mean say no, or the estimator does of every crop.

        Crops that were too blurred for a second look speak for it.
        """
        chances = [e.face_chance for _, e in self._samples if e.face_chance is not None]
        if chances and max(chances) < self._limits.face_chance_min:
            return False
        judged = [e.face for _, e in self._samples if e.face is not None]
        if self.certainly_face or 2 * len(judged) <= len(self._samples):
            return True
        return score_mean >= self._limits.face_mean_min

    def fused(self) -> Fused:
        """All estimates as one."""
        genders = [(w, e.female) for w, e in self._samples if e.female is not None]
        ages = [(w, e.age_years) for w, e in self._samples if e.age_years is not None]
        age, spread = _robust_mean(ages) if ages else (None, None)
        return Fused(_fused_probability(genders) if genders else None, age, spread)


def _fused_probability(weighted: list[tuple[float, float]]) -> float:
    """Weights and probabilities → the probability that correlated opinions amount to."""
    total = sum(weight for weight, _ in weighted)
    mean = sum(weight * _log_odds(p) for weight, p in weighted) / total
    effective = total**2 / sum(weight**2 for weight, _ in weighted)
    independent = effective / (1 + (effective - 1) * CORRELATION)
    return 1 / (1 + math.exp(-mean * independent))


def _log_odds(probability: float) -> float:
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return min(max(math.log(inside / (1 - inside)), -ODDS_LIMIT), ODDS_LIMIT)


def _robust_mean(weighted: list[tuple[float, float]]) -> tuple[float, float]:
    """Weights and ages → (Huber mean, weighted standard deviation round it)."""
    total = sum(weight for weight, _ in weighted)
    mean = _median(weighted)
    for _ in range(5):
        pull = [(w * min(1.0, HUBER_YEARS / max(abs(x - mean), 1e-9)), x) for w, x in weighted]
        mean = sum(w * x for w, x in pull) / sum(w for w, _ in pull)
    variance = sum(w * (x - mean) ** 2 for w, x in weighted) / total
    return mean, math.sqrt(variance)


def _median(weighted: list[tuple[float, float]]) -> float:
    """The weighted (lower) median."""
    half = sum(weight for weight, _ in weighted) / 2
    for weight, value in sorted(weighted, key=lambda pair: pair[1]):
        half -= weight
        if half <= 0:
            return value
    return weighted[-1][1]
