"""Answers and labels become the figures that a card states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.evaluate import measures
from converters.evaluate.faces import Answers, chosen, padded
from converters.evaluate.result import Result, read_result, render
from converters.evaluate.text import table
from converters.labels import BANDS, Label

NAN = float("nan")


def answers_of(*rows: tuple[str, bool, float, float]) -> Answers:
    """(band, is a woman, said age, said probability of a woman) → answers."""
    labels = tuple(Label("x.jpg", BANDS.index(band), woman, "") for band, woman, _, _ in rows)
    return Answers(labels, np.array([r[2] for r in rows]), np.array([r[3] for r in rows]), 0)


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "0-2"),
        (2.9, "0-2"),
        (3, "3-9"),
        (19.99, "10-19"),
        (20, "20-29"),
        (70, "70+"),
        (-4, "0-2"),
    ],
)
def test_an_age_belongs_to_the_band_of_its_whole_years(age, band):
    """People are 2 until they are 3."""
    assert BANDS[measures.bands_of(np.array([age]))[0]] == band


def test_errors_are_counted_from_the_middle_of_a_band():
    """With band labels there is no better place to measure from."""
    answers = answers_of(("20-29", True, 24.5, 0.9), ("20-29", True, 34.5, 0.9))
    age = measures.age_figures(answers, measures.Labelled(answers))["overall"]
    assert age.error_years == 5
    assert (age.exact, age.one_off, age.within_5) == (0.5, 1.0, 0.5)
    assert age.bias_years == 5


def test_errors_are_counted_from_the_year_where_it_is_known():
    """A label in years beats the middle of its band."""
    label = Label("x.jpg", BANDS.index("20-29"), True, "", years=29.0)
    answers = Answers((label,), np.array([29.0]), np.array([NAN]), 0)
    assert measures.age_figures(answers, measures.Labelled(answers))["overall"].error_years == 0


def test_epsilon_error_is_the_formula_of_apparent_age():
    """1 − exp(−error²/2σ²), averaged; one σ off costs 0.393."""
    assert measures.epsilon_error(np.array([0.0]), np.array([3.0])) == 0
    assert measures.epsilon_error(np.array([3.0]), np.array([3.0])) == pytest.approx(
        0.3935, abs=1e-4
    )


def test_epsilon_error_is_given_only_where_labels_carry_a_deviation():
    """Without σ there is nothing to compare with."""
    answers = answers_of(("20-29", True, 24.5, NAN))
    assert measures.age_figures(answers, measures.Labelled(answers))["overall"].epsilon is None


def test_gender_counts_both_ways():
    """Precision is of what was said, recall of what was there."""
    answers = answers_of(
        ("20-29", True, NAN, 0.9),
        ("20-29", True, NAN, 0.2),
        ("20-29", False, NAN, 0.1),
        ("20-29", False, NAN, 0.45),
    )
    gender = measures.gender_figures(answers, measures.Labelled(answers), 0.6)["overall"]
    assert gender.accuracy == 0.75
    assert gender.precision_female == 1.0
    assert gender.recall_female == 0.5
    assert gender.precision_male == pytest.approx(2 / 3)
    assert gender.recall_male == 1.0
    assert gender.confident == 0.75
    assert gender.confident_accuracy == pytest.approx(2 / 3)


def test_adults_begin_at_twenty():
    """Teenagers are no adults, and empty groups are left out."""
    answers = answers_of(("10-19", True, 15, 0.9), ("20-29", False, 25, 0.1))
    groups = measures.Labelled(answers).groups()
    assert groups["adults"].tolist() == [False, True]
    assert "70+" not in groups
    assert set(groups) >= {"overall", "female", "male", "10-19", "20-29"}


def test_a_network_that_says_no_age_gets_no_age_figures():
    """Nothing is made up for what was not said."""
    answers = answers_of(("20-29", True, NAN, 0.9))
    labelled = measures.Labelled(answers)
    assert measures.age_figures(answers, labelled) == {}
    assert set(measures.confusions(answers, labelled, "d")) == {"gender"}


rows = st.lists(
    st.tuples(st.sampled_from(BANDS), st.booleans(), st.floats(0, 110), st.floats(0, 1)),
    min_size=1,
    max_size=60,
)


@given(rows)
def test_confusion_matrices_count_every_face_once(data):
    """Rows add up to the labels; the diagonal over all is the accuracy."""
    answers = answers_of(*data)
    labelled = measures.Labelled(answers)
    found = measures.confusions(answers, labelled, "d")
    for name, figures in (
        ("age", measures.age_figures(answers, labelled)["overall"].exact),
        ("gender", measures.gender_figures(answers, labelled, 0.6)["overall"].accuracy),
    ):
        counts = np.array(found[name].counts)
        assert counts.sum() == len(data)
        assert np.trace(counts) / len(data) == pytest.approx(figures)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40))
def test_area_under_the_curve_is_the_share_of_ordered_pairs(data):
    """Against the definition, pair by pair."""
    said = np.array([value for value, _ in data])
    female = np.array([woman for _, woman in data])
    pairs = [(a > b) + 0.5 * (a == b) for a in said[female] for b in said[~female]]
    expected = None if not pairs else pytest.approx(np.mean(pairs))
    assert measures.area_under_curve(said, female) == expected


@given(rows)
def test_reliability_counts_every_face_once(data):
    """Bins share the faces among themselves."""
    answers = answers_of(*data)
    bins = measures.reliability(answers, measures.Labelled(answers))
    assert sum(one.faces for one in bins) == len(data)


def test_a_result_survives_its_file(tmp_path):
    """What evaluate writes, report reads, and it prints as a table."""
    answers = answers_of(("20-29", True, 24.0, 0.9), ("70+", False, 60.0, 0.4))
    labelled = measures.Labelled(answers)
    result = Result(
        models={"m": "0" * 64},
        detector="far",
        data="d.zip",
        data_sha256="",
        faces=3,
        not_found=1,
        age_target="the middle of the label's band",
        age=measures.age_figures(answers, labelled),
        gender=measures.gender_figures(answers, labelled, 0.6),
        confusion=measures.confusions(answers, labelled, "d.zip"),
        reliability=measures.reliability(answers, labelled),
    )
    path = tmp_path / "r.json"
    path.write_bytes(render(result))
    assert read_result(path).age["overall"].faces == 2
    assert "1 not found" in table(result)


def test_a_limit_draws_without_order_and_always_the_same():
    """Data sets come sorted by age: the first N would be children."""
    labels = [Label(str(n), 0, True, "") for n in range(100)]
    drawn = [label.image for label in chosen(labels, 10)]
    assert drawn == [label.image for label in chosen(labels, 10)]
    assert drawn != [str(n) for n in range(10)]
    assert len(set(drawn)) == 10


def test_padding_repeats_the_edge():
    """As the device does beyond a frame's edge."""
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    wide = padded(picture, 0.5)
    assert wide.shape == (4, 4, 3)
    assert (wide[0, 0] == picture[0, 0]).all()
    assert padded(picture, 0) is picture
