"""Answers and labels → figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from converters.evaluate.faces import Answers
from converters.evaluate.result import Age, Gender, Reliability
from converters.intervals import interval
from converters.labels import ADULT_BAND, BAND_MIDDLES, BAND_STARTS, BANDS
from edge.messages.bands import AGE_BANDS, band_of
from edge.runtime.networks.card import Confusion

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

RELIABILITY_BINS = 10


class Labelled:
    """The labels of the found faces as arrays, and the groups that figures are given for."""

    def __init__(self, answers: Answers) -> None:
        labels = answers.labels
        self.bands = np.array([label.band for label in labels], int)
        self.female = np.array([label.female for label in labels], bool)
        self.years = np.array(
            [BAND_MIDDLES[one.band] if one.years is None else one.years for one in labels], float
        )
        self.years_known = all(one.years is not None for one in labels)
        deviations = [one.years_deviation for one in labels]
        self.deviations = np.array([np.nan if d is None else d for d in deviations], float)

    def groups(self) -> dict[str, Mask]:
        """Name → which faces; empty groups are left out."""
        everyone = np.ones(len(self.bands), bool)
        groups = {"overall": everyone, "adults": self.bands >= ADULT_BAND}
        groups |= {"female": self.female, "male": ~self.female}
        groups |= {"female adults": self.female & groups["adults"]}
        groups |= {"male adults": ~self.female & groups["adults"]}
        groups |= {band: self.bands == index for index, band in enumerate(BANDS)}
        return {name: mask for name, mask in groups.items() if mask.any()}


def age_figures(answers: Answers, labelled: Labelled) -> dict[str, Age]:
    """Group → age figures; empty where no network says the age."""
    if np.isnan(answers.ages).all():
        return {}
    return {
        name: _age(answers.ages[mask], labelled, mask) for name, mask in labelled.groups().items()
    }


def _age(ages: Floats, labelled: Labelled, mask: Mask) -> Age:
    errors = ages - labelled.years[mask]
    distance = np.abs(bands_of(ages) - labelled.bands[mask])
    deviations = labelled.deviations[mask]
    return Age(
        faces=len(ages),
        error_years=float(np.abs(errors).mean()),
        median_error_years=float(np.median(np.abs(errors))),
        bias_years=float(errors.mean()),
        exact=float((distance == 0).mean()),
        one_off=float((distance <= 1).mean()),
        within_5=float((np.abs(errors) <= 5).mean()),
        epsilon=None if np.isnan(deviations).any() else epsilon_error(errors, deviations),
        error_interval_years=tuple(interval(np.abs(errors)).tolist()),
    )


def epsilon_error(errors: Floats, deviations: Floats) -> float:
    """Mean of 1 − exp(−error²/2σ²), the measure of the ChaLearn LAP apparent-age challenge."""
    spread = np.maximum(deviations, 1e-6)
    return float((1 - np.exp(-(errors**2) / (2 * spread**2))).mean())


def bands_of(ages: Floats) -> NDArray[np.int_]:
    """Ages in years → indices in BANDS, by whole years as people count them."""
    return np.searchsorted(BAND_STARTS, np.maximum(ages, 0), side="right") - 1


def gender_figures(answers: Answers, labelled: Labelled, confidence: float) -> dict[str, Gender]:
    """Group → gender figures; empty where no network says the gender."""
    if np.isnan(answers.females).all():
        return {}
    return {
        name: _gender(answers.females[mask], labelled.female[mask], confidence)
        for name, mask in labelled.groups().items()
    }


def _gender(said: Floats, female: Mask, confidence: float) -> Gender:
    answer = said > 0.5
    right = answer == female
    confident = np.maximum(said, 1 - said) >= confidence
    return Gender(
        faces=len(said),
        accuracy=float(right.mean()),
        precision_female=_share(right, answer),
        recall_female=_share(right, female),
        precision_male=_share(right, ~answer),
        recall_male=_share(right, ~female),
        auc=area_under_curve(said, female),
        confident=float(confident.mean()),
        confident_accuracy=_share(right, confident),
    )


def _share(right: Mask, among: Mask) -> float | None:
    return float(right[among].mean()) if among.any() else None


def area_under_curve(said: Floats, female: Mask) -> float | None:
    """The probability that a woman gets a higher value than a man (Mann–Whitney), ties half."""
    women, men = said[female], said[~female]
    if not len(women) or not len(men):
        return None
    men = np.sort(men)
    below = np.searchsorted(men, women, "left")
    up_to = np.searchsorted(men, women, "right")
    return float(((below + up_to) / 2).sum() / (len(women) * len(men)))


def confusions(answers: Answers, labelled: Labelled, data: str) -> dict[str, Confusion]:
    """Rows: the truth, columns: the answer, for what the networks say."""
    found = {}
    if not np.isnan(answers.ages).all():
        said = bands_of(answers.ages)
        found["age"] = Confusion(BANDS, _counts(labelled.bands, said, len(BANDS)), data)
        if labelled.years_known:
            found["age_published"] = _published(labelled.years, answers.ages, data)
    if not np.isnan(answers.females).all():
        counts = _counts(~labelled.female, answers.females <= 0.5, 2)
        found["gender"] = Confusion(("female", "male"), counts, data)
    return found


def _published(years: Floats, said: Floats, data: str) -> Confusion:
    """Exact ages and answers in years → the confusion of the bands that windows are counted in."""
    order = {name: index for index, name in enumerate(AGE_BANDS)}
    truth, answer = (
        np.array([order[band_of(float(age))] for age in ages]) for ages in (years, said)
    )
    return Confusion(tuple(order), _counts(truth, answer, len(order)), data)


def _counts(
    truth: NDArray[np.generic], said: NDArray[np.generic], size: int
) -> tuple[tuple[int, ...], ...]:
    table = np.zeros((size, size), int)
    np.add.at(table, (truth.astype(int), said.astype(int)), 1)
    return tuple(tuple(row) for row in table.tolist())


def reliability(answers: Answers, labelled: Labelled) -> tuple[Reliability, ...]:
    """Bins of equal width over the probability of a woman; empty ones are left out."""
    said = answers.females
    if np.isnan(said).all():
        return ()
    bins = np.minimum((said * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    return tuple(
        Reliability(
            faces=int((bins == index).sum()),
            mean_probability_female=float(said[bins == index].mean()),
            share_female=float(labelled.female[bins == index].mean()),
        )
        for index in range(RELIABILITY_BINS)
        if (bins == index).any()
    )
