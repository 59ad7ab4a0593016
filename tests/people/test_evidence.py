"""A few crops of one person become one answer, or none."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.runtime.frame import Box, Estimate, Face
from edge.runtime.people.evidence import Evidence, Limits, quality_of
from edge.runtime.people.pose import Pose

PROBABILITY = st.floats(0.0, 1.0)
SAMPLES = st.lists(
    st.tuples(PROBABILITY, st.floats(0.0, 100.0), st.floats(0.01, 1.0)), min_size=1, max_size=12
)


def evidence(*samples: tuple[float | None, float | None, float]) -> Evidence:
    """Estimates as (P(woman), age, quality)."""
    found = Evidence(Limits(estimates_max=12))
    for index, (female, age, quality) in enumerate(samples):
        found.add(Estimate(age, female), quality, float(index))
    return found


@given(SAMPLES)
def test_the_answer_lies_within_reason(samples):
    """A probability, and an age between the youngest and the oldest estimate."""
    fused = evidence(*samples).fused()
    assert 0 < fused.female < 1
    ages = [age for _, age, _ in samples]
    assert min(ages) - 1e-6 <= fused.age_years <= max(ages) + 1e-6


@given(SAMPLES)
def test_women_and_men_are_treated_alike(samples):
    """Exchanging the two exchanges the answer."""
    mirrored = [(1 - female, age, quality) for female, age, quality in samples]
    assert evidence(*samples).fused().female == pytest.approx(
        1 - evidence(*mirrored).fused().female, abs=1e-9
    )


def test_agreeing_crops_are_surer_than_one_but_not_as_sure_as_independent_ones():
    """Crops of one person err together."""
    one = evidence((0.8, 30.0, 1.0)).fused().female
    four = evidence(*[(0.8, 30.0, 1.0)] * 4).fused().female
    independent = 1 / (1 + math.exp(-4 * math.log(0.8 / 0.2)))
    assert one == pytest.approx(0.8)
    assert one < four < independent


def test_a_hundred_crops_amount_to_no_more_than_their_correlation_allows():
    """1 / ρ = 2.5 independent opinions, however many there are."""
    many = evidence(*[(0.8, 30.0, 1.0)] * 500).fused().female
    assert math.log(many / (1 - many)) <= 2.5 * math.log(4) + 1e-9


def test_a_network_that_is_certain_does_not_decide_alone():
    """One absurdly sure crop against three moderate ones."""
    assert evidence((1.0, 30.0, 1.0), *[(0.12, 30.0, 1.0)] * 3).fused().female < 0.5


def test_better_crops_weigh_more():
    """A sharp frontal crop against a poor one."""
    assert evidence((0.8, 30.0, 0.9), (0.2, 50.0, 0.1)).fused().female > 0.6
    assert evidence((0.8, 30.0, 0.9), (0.2, 50.0, 0.1)).fused().age_years < 35


def test_one_outlier_does_not_pull_the_age():
    """Three crops say thirty, one says eighty: an error of one year or so, not of twelve."""
    fused = evidence(*[(0.5, age, 1.0) for age in (29.0, 30.0, 31.0, 80.0)]).fused()
    assert fused.age_years == pytest.approx(30, abs=1.6)


def test_the_best_crops_of_a_whole_visit_are_fused():
    """Whoever walks up is smallest at first: what far crops said gives way to the near ones."""
    far, near = [(0.2, 12.0, 0.05)] * 4, [(0.9, 40.0, quality) for quality in (0.1, 0.2, 0.4, 0.8)]
    fused = evidence(*far, *near).fused()
    assert fused.female > 0.8
    assert fused.age_years == pytest.approx(40, abs=0.5)


def test_a_better_crop_is_wanted_when_all_others_are_made():
    """Half as good again as the best, and only up to the number that one person is worth."""
    limits = Limits(estimates_max=6)
    known = Evidence(limits)
    for number in range(4):
        known.add(Estimate(30.0, 0.5), 0.1, float(number))
    assert known.wish(0.14, 9.0) == 0
    for quality in (0.16, 0.3):
        assert known.wish(quality, 9.0) > 0
        known.add(Estimate(30.0, 0.5), quality, 9.0)
    assert known.wish(1.0, 9.0) == 0


FACES = Limits(face_min=0.8, face_mean_min=0.7)


@pytest.mark.parametrize(
    ("looks", "score_mean", "is_face"),
    [
        ([0.9, 0.3], 0.6, True),
        ([0.6, 0.7, 0.5], 0.6, False),
        ([0.6, 0.7, 0.5], 0.75, True),
        ([None, None, 0.5], 0.6, True),
        ([None, 0.5, 0.4], 0.6, False),
        ([], 0.6, True),
    ],
    ids=["one good look", "no good look", "the detector is sure", "mostly too blurred to tell",
         "blurred once", "never looked at again"],
)  # fmt: skip
def test_a_visit_is_nobodys_only_if_nothing_speaks_for_a_face(looks, score_mean, is_face):
    """The second looks, the detector's own scores, and doubt all count for a person."""
    known = Evidence(FACES)
    for look in looks:
        known.add(Estimate(30.0, 0.5, look), 0.5, 0.0)
    assert known.is_face(score_mean) is is_face


@pytest.mark.parametrize(
    ("chances", "is_face"),
    [([0.1, 0.05], False), ([0.1, 0.3], True), ([None, 0.1], False), ([None], True), ([], True)],
    ids=["like none", "one like a face", "one never judged", "never judged", "never estimated"],
)
def test_a_visit_is_nobodys_where_the_estimator_takes_no_crop_for_a_face(chances, is_face):
    """Whatever the detector thinks of it: that is who was deceived."""
    known = Evidence(Limits(face_chance_min=0.2))
    for chance in chances:
        known.add(Estimate(30.0, 0.5, 0.99, chance), 0.5, 0.0)
    assert known.is_face(0.95) is is_face


def test_what_was_never_estimated_is_unknown():
    """A network that gives only gender leaves the age open."""
    fused = evidence((0.9, None, 1.0)).fused()
    assert (fused.age_years, fused.age_spread_years) == (None, None)
    assert evidence().fused() == (None, None, None)


def test_more_is_wanted_only_while_it_helps():
    """First at once, then at growing intervals, a much better crop at any time, at last none."""
    found = Evidence(Limits(estimates_max=5))
    assert found.wish(0.3, 0.0) > 1
    found.add(Estimate(30.0, 0.55), 0.3, 0.0)
    assert found.wish(0.3, 0.1) == 0
    assert found.wish(0.5, 0.1) > 0
    assert found.wish(0.3, 0.2) > 0
    for time_s in (0.2, 0.6, 1.2, 2.4):
        found.add(Estimate(30.0, 0.55), 0.3, time_s)
    assert found.wish(1.0, 60.0) == 0


def test_a_certain_answer_is_left_alone():
    """Three crops agree: no more are made, but for a much better one."""
    found = evidence(*[(0.95, 30.0, 0.4)] * 3)
    assert found.certain
    assert found.wish(0.4, 60.0) == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((64, 0, 0, 0.8), (20, 0, 0, 0.8)),
        ((64, 5, 0, 0.8), (64, 50, 0, 0.8)),
        ((64, 0, 5, 0.8), (64, 0, 50, 0.8)),
        ((64, 0, 0, 0.9), (64, 0, 0, 0.5)),
    ],
    ids=["larger", "less turned", "less nodding", "surer"],
)
def test_crops_are_ranked(better, worse):
    """By size, by frontality, by the detector's score."""

    def quality(width, yaw, pitch, score):
        return quality_of(Face(Box(0, 0, width, width), score), Pose(yaw, pitch))

    assert quality(*better) > quality(*worse)
    assert 0 < quality(*worse) <= 1
