"""Counts corrected for the network's error: where they lie, and what their intervals hold."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.folding import coverage
from edge.privacy.quantify import corrected
from tests.people.crowds import CONFUSION, GENDER, MIXES, simulate


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 300), min_size=2, max_size=8),
    st.integers(0, 50),
    st.data(),
)
def test_estimates_are_not_negative_and_sum_to_the_people(answers, unknown, data):
    """Whatever was answered and however the network errs; the interval is about the estimate."""
    labels = len(answers)
    row = st.lists(st.integers(0, 500), min_size=labels, max_size=labels)
    confusion = data.draw(st.lists(row, min_size=labels, max_size=labels))
    people = sum(answers) + unknown
    result = corrected(answers, unknown, confusion)
    assert sum(result.estimate) == pytest.approx(people, abs=1e-6)
    for estimate, low, high in zip(*result, strict=True):
        assert estimate >= 0
        assert 0 <= low <= high <= people


def test_the_same_window_gives_the_same_estimate():
    """The sampling is seeded: a message can be computed again."""
    assert corrected([7, 3], 1, GENDER) == corrected([7, 3], 1, GENDER)


def test_a_network_that_does_not_err_is_believed():
    """A clean diagonal of many faces leaves the answers as they are."""
    estimate, low, high = corrected([30, 10], 0, ((10**7, 0), (0, 10**7)))
    assert estimate == pytest.approx([30, 10], abs=0.05)
    assert (low, high) == ([30, 10], [30, 10])


def test_a_network_that_guesses_tells_nothing():
    """Two equal rows carry no information: the interval is nearly everything."""
    _, low, high = corrected([50, 50], 0, ((5000, 5000), (5000, 5000)))
    assert low[0] <= 10
    assert high[0] >= 90


def test_people_without_an_answer_are_spread_and_widen_the_interval():
    """They are taken to be like the others, with less certainty."""
    without, within = corrected([40, 40], 0, GENDER), corrected([40, 40], 40, GENDER)
    assert sum(within.estimate) == pytest.approx(120)
    assert within.high[0] - within.low[0] > without.high[0] - without.low[0]


def test_nobody_is_nobody():
    """An empty window costs no sampling and has no interval."""
    assert corrected([0, 0], 0, GENDER) == ([0, 0], [0, 0], [0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("attribute", ["gender", "age"])
@pytest.mark.parametrize("people", [200, 600])
def test_intervals_hold_the_truth_as_often_as_they_claim(attribute: str, people: int):
    """Crowds of any composition, drawn through the card: 93 to 97 in a hundred."""
    outcome = simulate(CONFUSION[attribute], MIXES[attribute]["any"], people, 500, seed=11)
    assert 0.93 <= outcome.coverage <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("attribute", ["gender", "age"])
def test_intervals_cover_the_cards_own_uncertainty(attribute: str):
    """A card of 1,000 faces a label and a crowd of 2,000: the card is what is least known."""
    mix = MIXES[attribute]["any"]
    outcome = simulate(CONFUSION[attribute], mix, 2000, 500, seed=12, card_faces=1000)
    assert 0.93 <= outcome.coverage <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attribute", "mix", "people"),
    [
        ("gender", "80 : 20", 100),
        ("gender", "10 : 90", 500),
        ("age", "one band", 100),
        ("age", "young", 1000),
    ],
)
def test_a_skewed_crowd_is_told_with_at_most_half_the_raw_error(attribute, mix, people):
    """Where the mix is skewed, raw counts pull to the middle; corrected ones do not."""
    outcome = simulate(CONFUSION[attribute], MIXES[attribute][mix], people, 150, seed=5)
    assert outcome.error <= 0.5 * outcome.raw_error


@pytest.mark.slow
@pytest.mark.parametrize("k", [5, 10])
@pytest.mark.parametrize("people", [20, 100])
def test_intervals_of_rounded_counts_hold_the_truth_too(k: int, people: int):
    """Crowds of any composition, counted, rounded under k and corrected: nine in ten or so."""
    held = coverage(people, k, 60, np.random.default_rng(3))
    assert min(held) >= 0.85
    assert max(held) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("people", "windows"), [(6, 40), (20, 30)])
def test_intervals_of_a_sum_take_in_the_rounding_of_each_window(people: int, windows: int):
    """As of single windows; taken for one window's they would hold in six of ten."""
    held = coverage(people, 5, 60, np.random.default_rng(3), windows)
    assert min(held) >= 0.85
    assert max(held) >= 0.9
