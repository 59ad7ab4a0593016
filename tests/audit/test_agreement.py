"""The numbers: known quantiles, known intervals, and verdicts as often right as they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.audit import SCENES, Scene, alone, bursts, groups, rates, steady
from edge.audit.agreement import (
    BINS_MIN,
    Pair,
    Rule,
    Verdict,
    interval,
    lacking,
    t_quantile,
    verdict,
)

RULE = Rule()


@pytest.mark.parametrize(
    ("probability", "freedom", "value"),
    [
        (0.95, 1, 6.313751515),
        (0.95, 5, 2.015048373),
        (0.975, 10, 2.228138852),
        (0.95, 30, 1.697260887),
        (0.995, 2, 9.924843201),
        (0.95, 1_000, 1.646378818),
        (0.5, 7, 0.0),
    ],
)
def test_quantiles_of_student_s_t_are_those_of_the_tables(probability, freedom, value):
    """NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, and R's qt() to nine digits."""
    assert t_quantile(probability, freedom) == pytest.approx(value, abs=1e-8)


def test_a_bias_is_that_of_the_sums_and_its_interval_student_s():
    """Worked by hand: residuals 1, −1, 1, −1, … of ten bins of 100, none of them biased."""
    pairs = [Pair(100 + (-1) ** i * 10, 100) for i in range(10)]
    found = interval(pairs, RULE)
    error = math.sqrt(10 * 1_000 / 9) / 1_000
    assert found.bias == 0
    assert found.high == pytest.approx(1.833112933 * error + 0.5 / 1_000)
    assert found.spread == pytest.approx(error * math.sqrt(1_000))


def test_the_interval_is_as_wide_whatever_unbiased_scale_bins_have():
    """A device that misses a tenth in each bin has a sure bias, however bins differ in size."""
    found = interval([Pair(9 * n, 10 * n) for n in range(1, 200)], RULE)
    assert found.bias == pytest.approx(-0.1)
    assert found.high < -0.05


@pytest.mark.parametrize(
    ("low", "high", "bins", "wanted"),
    [
        (-0.04, 0.04, 60, Verdict.PASSES),
        (-0.06, 0.04, 60, Verdict.NOT_ENOUGH),
        (-0.05, 0.04, 60, Verdict.NOT_ENOUGH),
        (-0.20, -0.06, 60, Verdict.FAILS),
        (0.06, 0.2, 60, Verdict.FAILS),
        (-0.20, -0.04, 60, Verdict.NOT_ENOUGH),
        (-0.2, 0.2, 60, Verdict.NOT_ENOUGH),
        (-0.01, 0.01, BINS_MIN - 1, Verdict.NOT_ENOUGH),
        (0.3, 0.4, BINS_MIN - 1, Verdict.NOT_ENOUGH),
    ],
)
def test_a_verdict_is_where_the_interval_lies(low, high, bins, wanted):
    assert verdict(low, high, bins, RULE) is wanted


@pytest.mark.parametrize(("people", "wanted"), [(60, Verdict.NOT_ENOUGH), (600, Verdict.PASSES)])
def test_a_few_people_without_an_error_prove_nothing(people, wanted):
    """By the rule of three sixty of them may still be missed at 5 %."""
    pairs = [Pair(people / 30, people / 30)] * 30
    found = interval(pairs, RULE)
    assert verdict(found.low, found.high, 30, RULE) is wanted


def test_where_nobody_was_tallied_there_is_no_bias():
    assert interval([Pair(3, 0), Pair(0, 0)], RULE) is None
    assert interval([Pair(3, 3)], RULE) is None


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=2, max_size=30),
    st.sampled_from([Rule(), Rule(0.01, 0.01), Rule(0.5, 0.2)]),
)
def test_no_numbers_of_people_break_the_interval(counts, rule):
    """The bias lies within it, and it is not narrower than half a person."""
    found = interval([Pair(*each) for each in counts], rule)
    total = sum(tallied for _, tallied in counts)
    assert (found is None) == (total == 0)
    if found is not None:
        assert all(math.isfinite(each) for each in found)
        assert found.low < found.bias < found.high
        assert lacking(found, total, rule) is None or lacking(found, total, rule) >= 1


def test_so_many_more_people_give_a_verdict_most_of_the_time():
    """With the number that is said to be lacking most audits end with a verdict; now few do."""
    rng = np.random.default_rng(4)
    scene = Scene(steady, alone, 40, 4)

    def seen(bins, seed):
        true = steady(bins, 4, np.random.default_rng(seed))
        told = alone(true, -0.02, rng)
        return true.sum(), interval([Pair(*e) for e in zip(told, true, strict=True)], RULE)

    few, shares = [seen(40, seed) for seed in range(200)], []
    undecided = [
        (people, found)
        for people, found in few
        if verdict(found.low, found.high, 40, RULE) is Verdict.NOT_ENOUGH
    ]
    assert len(undecided) > 100
    more = sorted(lacking(found, people, RULE) or 10**6 for people, found in undecided)
    bins = scene.bins + more[len(more) // 2] // 4
    for seed in range(200):
        found = seen(bins, 1_000 + seed)[1]
        shares.append(verdict(found.low, found.high, bins, RULE) is not Verdict.NOT_ENOUGH)
    assert np.mean(shares) > 0.6


def test_where_the_bias_is_at_the_margin_no_number_of_people_is_named():
    found = interval([Pair(95, 100), Pair(95, 100), Pair(95, 100)], RULE)
    assert lacking(found, 300, RULE) is None


LIMIT = 0.08
"""Of rates that should be 0.05, in 250 audits: two standard errors more."""


@pytest.mark.parametrize(
    "scene", SCENES, ids=lambda each: f"{each.come.__name__}-{each.err.__name__}-{each.bins}"
)
def test_a_device_that_is_off_by_the_margin_seldom_passes_and_seldom_fails(scene):
    """However people come and it errs: no more often than stated, but for chance."""
    rng = np.random.default_rng(20)
    for bias in (-RULE.margin, RULE.margin):
        found = rates(scene, bias, RULE, 250, rng)
        assert found[Verdict.PASSES] <= LIMIT
        assert found[Verdict.FAILS] <= LIMIT


@pytest.mark.parametrize(
    ("bias", "wanted"), [(0.0, Verdict.PASSES), (-0.15, Verdict.FAILS), (0.15, Verdict.FAILS)]
)
@pytest.mark.parametrize("err", [alone, groups])
def test_a_good_and_a_bad_device_are_told_apart(err, bias, wanted):
    """By some hundreds of people: the test is not only careful."""
    found = rates(Scene(bursts, err, 120, 5), bias, RULE, 100, np.random.default_rng(7))
    assert found[wanted] > 0.9
