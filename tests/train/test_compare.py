"""Start against result on the same faces: what is sure, and what chance may have done."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.train.compare import Errors, Whose, compare

ALONE = 400


def whose(faces: int, people: int = 0) -> Whose:
    person = np.arange(faces) if not people else np.arange(faces) % people
    return Whose(person, np.arange(faces) % 9)


def errors(faces: int, years: float, right: float, seed: int) -> Errors:
    random = np.random.default_rng(seed)
    return Errors(random.exponential(years, faces), random.random(faces) < right)


def changed(before: Errors, years: float = 0.0, genders: int = 0, spread: float = 2.0) -> Errors:
    """The same faces after: ages nearer by so many years on average, so many genders mended."""
    random = np.random.default_rng(9)
    after = before.years + random.normal(years, spread, len(before.years))
    right = before.right.copy()
    places = np.flatnonzero(~right if genders > 0 else right)[: abs(genders)]
    right[places] = ~right[places]
    return Errors(after, right)


@pytest.mark.parametrize(
    ("years", "genders", "verdict"),
    [
        (0.0, 0, "no_better"),
        (-0.05, 1, "no_better"),
        (-1.0, 0, "better"),
        (0.0, 20, "better"),
        (1.0, 0, "worse"),
        (0.0, -20, "worse"),
        (-1.0, -20, "worse"),
        (1.0, 20, "worse"),
    ],
)
def test_the_verdict_is_by_what_is_sure(years, genders, verdict):
    """Better needs one sure gain and no sure loss; what chance may have done is neither."""
    before = errors(ALONE, 6, 0.85, 1)
    assert compare(before, changed(before, years, genders), whose(ALONE)).verdict == verdict


def test_what_common_ages_gain_from_rare_ones_is_no_gain():
    """Nine faces in ten gain a little, the rest lose much."""
    band = np.where(np.arange(1000) % 10, 3, 8)
    before = errors(1000, 6, 0.85, 2)
    after = (
        before.years + np.where(band == 3, -0.6, 3.0) + np.random.default_rng(1).normal(0, 1, 1000)
    )
    found = compare(before, Errors(after, before.right), Whose(np.arange(1000), band))
    assert found.age_error_years.sign < 0 < found.age_error_balanced_years.sign
    assert found.verdict == "worse"


@pytest.mark.parametrize(("mended", "sure"), [(1, False), (5, False), (9, True)])
def test_a_few_genders_that_changed_one_way_are_chance(mended, sure):
    """Five of five are: an exact sign test gives them .06."""
    before = errors(300, 6, 0.85, 3)
    found = compare(before, changed(before, 0.0, mended), whose(300))
    assert (found.gender_accuracy.sign > 0) == sure


def test_many_pictures_of_few_people_are_few():
    """The same differences, surely a gain of 400 people, are none of six with 67 pictures each."""
    before = errors(ALONE, 6, 0.85, 1)
    shift = np.random.default_rng(4).normal(-0.7, 2.5, 6)[np.arange(ALONE) % 6]
    after = Errors(before.years + shift, before.right)
    assert compare(before, after, whose(ALONE)).age_error_years.sign < 0
    assert compare(before, after, whose(ALONE, 6)).age_error_years.sign == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_answers_are_never_better_nor_worse(seed):
    """Of any faces."""
    before = errors(60, 6, 0.8, seed)
    found = compare(before, before, whose(60))
    assert found.verdict == "no_better"
    assert found.age_error_years.difference == found.gender_accuracy.difference == 0


def test_chance_alone_is_seldom_called_a_change():
    """Of 100 results that are as good as the start, at most a few are called better or worse."""
    called = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        before = errors(120, 6, 0.85, seed)
        flips = random.random(120) < 0.06
        after = Errors(before.years + random.normal(0, 2, 120), before.right ^ flips)
        balanced = before.right.mean()  # flips of the right ones outnumber the others
        after = after._replace(right=np.where(flips, random.random(120) < balanced, before.right))
        called += compare(before, after, whose(120)).verdict != "no_better"
    assert called <= 12


def test_the_sentences_name_both_values_and_the_interval():
    """A person reads what was, what is, by how much, and whether that is sure."""
    before = errors(ALONE, 6, 0.85, 1)
    lines = compare(before, changed(before, -1.0), whose(ALONE)).lines()
    assert lines[0].startswith("age error 5.")
    assert lines[0].endswith(": better")
    assert "between -" in lines[0]
    assert lines[2].endswith("no difference that shows")
