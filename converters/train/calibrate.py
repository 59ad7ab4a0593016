"""Held-out logits → the last layer's scale and shift, and the threshold for `unknown`.

What is fitted here is multiplied into the heads, so the device needs to know nothing of it: its
probability is the calibrated one, and one half is where women and men are recognised equally.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.evaluate.measures import bands_of
from converters.labels import ADULT_BAND, BAND_MIDDLES

Floats = NDArray[np.float64]
VALUES = (*BAND_MIDDLES[:-1], 80.0)
"""What the device's expectation weighs, years. It never gets as far as the last value, so that
lies beyond the middle of the open band; held out, 70+ is met in .33 instead of .21 of the cases."""
SHARE_MIN = 1e-4
"""What a band without a single face counts as."""


class GenderFit(NamedTuple):
    """calibrated logit = scale × (logit − shift)."""

    scale: float
    shift: float


class AgeFit(NamedTuple):
    """fitted logits = scale × (logits + prior × log(share of each band))."""

    scale: float
    prior: float


class FaceFit(NamedTuple):
    """calibrated logit = scale × (logit − shift)."""

    scale: float
    shift: float


NO_GENDER_FIT, NO_AGE_FIT, NO_FACE_FIT = GenderFit(1.0, 0.0), AgeFit(1.0, 0.0), FaceFit(1.0, 0.0)
"""Those that change nothing."""


class Fit(NamedTuple):
    """What was fitted on the held-out faces; `share` is that of each band among them."""

    age: AgeFit
    gender: GenderFit
    share: Floats
    face: FaceFit = NO_FACE_FIT


def fit_gender(logit: Floats, female: NDArray[np.bool_], band: NDArray[np.int64]) -> GenderFit:
    """The shift that recognises adult women and men equally often, then temperature.

    Temperature scaling (Guo 2017): the one factor that makes the likelihood largest.
    """
    adult = band >= ADULT_BAND
    candidates = np.quantile(logit[adult], np.linspace(0.05, 0.95, 721))
    women, men = np.sort(logit[adult & female]), np.sort(logit[adult & ~female])
    recall_women = 1 - np.searchsorted(women, candidates) / len(women)
    recall_men = np.searchsorted(men, candidates) / len(men)
    shift = float(candidates[np.abs(recall_women - recall_men).argmin()])
    sign = np.where(female, 1.0, -1.0)
    scales = np.geomspace(0.2, 5, 161)
    losses = [np.logaddexp(0, -sign * scale * (logit - shift)).mean() for scale in scales]
    return GenderFit(float(scales[int(np.argmin(losses))]), shift)


def fit_face(faces: Floats, others: Floats) -> FaceFit:
    """Logits of faces and of other things → the fit under which they are likeliest, both kinds
    weighing alike: one half is where as much speaks for the one as for the other (Platt 1999).
    """

    def loss(fit: FaceFit) -> float:
        against = fit.scale * (fit.shift - faces), fit.scale * (others - fit.shift)
        return float(sum(np.logaddexp(0, part).mean() for part in against))

    ends = np.quantile(np.concatenate([faces, others]), (0.02, 0.98))
    fits = [
        FaceFit(float(scale), float(shift))
        for scale in np.geomspace(0.1, 3, 35)
        for shift in np.linspace(*ends, 61)
    ]
    return min(fits, key=loss)


def fit_age(logits: Floats, band: NDArray[np.int64]) -> AgeFit:
    """How much to sharpen, and what the commonest bands give back of what being common gained.

    An expectation shuns the ends of life unless the distribution is narrow; beyond 1.5, though,
    int8's roundings show. A camera sees a natural crowd, which therefore counts three times; a
    crowd balanced over the bands counts once, lest children and the old be forgotten.
    """
    share = np.bincount(band, minlength=logits.shape[1]) / len(band)
    fits = [
        AgeFit(scale, round(prior, 2))
        for scale in (1.0, 1.25, 1.5)
        for prior in np.arange(-1.0, 0.55, 0.1).tolist()
    ]
    return max(fits, key=lambda fit: _worth(logits, band, share, fit))


def age_gain(logits: Floats, band: NDArray[np.int64], fit: AgeFit) -> float:
    """How much more the fit is worth on these faces than none."""
    share = np.bincount(band, minlength=logits.shape[1]) / len(band)
    return _worth(logits, band, share, fit) - _worth(logits, band, share, NO_AGE_FIT)


def _worth(logits: Floats, band: NDArray[np.int64], share: Floats, fit: AgeFit) -> float:
    """Exact bands gained, less years of error lost at 3 points a year."""
    years = expected_years(fitted_age(logits, share, fit))
    exact = bands_of(years) == band
    error = np.abs(years - np.array(BAND_MIDDLES)[band])
    gain = exact - 0.03 * error
    balanced = np.mean([gain[band == b].mean() for b in np.unique(band)])
    return float(3 * gain.mean() + balanced)


def fitted_age(logits: Floats, share: Floats, fit: AgeFit) -> Floats:
    """N × bands logits after the fit; `share` of each band where it was made."""
    return np.asarray(fit.scale * (logits + fit.prior * np.log(np.maximum(share, SHARE_MIN))))


def expected_years(logits: Floats) -> Floats:
    """N × bands logits → N expectations, years."""
    power = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(power @ np.array(VALUES) / power.sum(1))


def calibration_error(chance: Floats, true: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error of a two-way probability: |said − was|, weighted by faces.

    The confidence is that of the likelier answer, ½..1, in bins of equal width (Guo 2017).
    """
    confidence = np.maximum(chance, 1 - chance)
    place = np.minimum(((confidence - 0.5) * 2 * bins).astype(int), bins - 1)
    return _gap(confidence, (chance >= 0.5) == true, place)


def _gap(said: Floats, right: NDArray[np.bool_], place: NDArray[np.int64]) -> float:
    """How far confidence and accuracy are apart in each of the bins, weighted by faces."""
    gaps = [
        abs(said[place == b].mean() - right[place == b].mean()) * (place == b).mean()
        for b in np.unique(place)
    ]
    return float(sum(gaps))


def coverage(chance: Floats, true: NDArray[np.bool_]) -> list[dict[str, float]]:
    """For each confidence from .5 to .95: how many faces are answered, how many rightly."""
    confidence = np.maximum(chance, 1 - chance)
    right = (chance >= 0.5) == true
    rows = []
    for least in np.arange(0.5, 0.96, 0.05):
        kept = confidence >= least
        accuracy = float(right[kept].mean()) if kept.any() else 1.0
        rows.append(
            {"confidence_min": round(float(least), 2), "answered": round(float(kept.mean()), 4)}
            | {"accuracy": round(accuracy, 4)}
        )
    return rows


def age_calibration_error(chance: Floats, band: NDArray[np.int64], bins: int = 15) -> float:
    """Expected calibration error of the likeliest band: N × bands shares against the truths.

    |how likely it was said to be − how often it was right|, weighted by faces (Guo 2017).
    """
    said, right = chance.max(1), chance.argmax(1) == band
    return _gap(said, right, np.minimum((said * bins).astype(int), bins - 1))


def threshold(curve: list[dict[str, float]], accuracy: float, answered: float) -> float:
    """The least confidence that reaches `accuracy` while at least `answered` faces are answered.

    Where none reaches it, the largest that still answers so many.
    """
    allowed = [row for row in curve if row["answered"] >= answered]
    reached = [row for row in allowed if row["accuracy"] >= accuracy]
    return (reached[0] if reached else allowed[-1])["confidence_min"]
