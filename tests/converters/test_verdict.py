"""What figures mean, in words; and what cannot be an answer is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.errors import ConvertError
from converters.evaluate.faces import Answers
from converters.evaluate.measures import Labelled
from converters.evaluate.verdict import Other, Said, findings
from converters.importers.assess import refuse_impossible
from converters.importers.suggest import CAFFE_MEAN, IMAGENET_MEAN, Trials, inputs
from converters.intervals import interval
from converters.labels import BAND_MIDDLES, Label
from edge.runtime.networks.card import Card, Input, Output, read_card
from edge.share import wilson
from tests.shared import MODELS

FACES = 216
NOTHING = np.full(FACES, np.nan)


def labelled() -> Labelled:
    """Every band and gender alike, as the dev heads are."""
    labels = tuple(Label(f"{i}.jpg", i % 9, bool(i // 9 % 2), "") for i in range(FACES))
    return Labelled(Answers(labels, NOTHING, NOTHING, 0))


def women(right: float, seed: int = 0) -> np.ndarray:
    agrees = np.random.default_rng(seed).random(FACES) < right
    return np.where(agrees == labelled().female, 0.9, 0.1)


def years(error: float, seed: int = 0) -> np.ndarray:
    truth = np.array(BAND_MIDDLES)[labelled().bands]
    return truth + np.random.default_rng(seed).normal(0, error, FACES)


@pytest.mark.parametrize(
    ("said", "sentence", "useless"),
    [
        (Said(NOTHING, women(0.9)), "better than guessing (0.500)", False),
        (Said(NOTHING, women(0.5)), "no better than guessing (0.500)", True),
        (Said(NOTHING, women(0.1)), "women and men are exchanged; is `positive` right?", True),
        (Said(NOTHING, np.zeros(FACES)), "it says male of 100%", True),
        (Said(years(5.0), NOTHING), "better than saying 34 of everybody (21.4 years)", False),
        (Said(years(300.0), NOTHING), "no better than saying 34 of everybody", True),
        (Said(np.full(FACES, 30.0), NOTHING), "no better than saying 34 of everybody", True),
    ],
)
def test_a_figure_is_told_with_its_interval_and_what_guessing_gives(said, sentence, useless):
    """And a question that leads to the cause, where it is bad."""
    (found,) = findings(labelled(), said)
    assert sentence in found.text
    assert found.useless == useless
    assert " … " in found.text


@pytest.mark.parametrize(
    ("mine", "theirs", "state"),
    [(0.95, 0.7, "surely better"), (0.7, 0.95, "surely worse"), (0.9, 0.9, "no difference")],
)
def test_beside_the_default_it_is_better_worse_or_neither(mine, theirs, state):
    """On the same faces, face by face."""
    other = Other("the default, x,", Said(years(1 - theirs), women(theirs, 1)))
    (found,) = findings(labelled(), Said(NOTHING, women(mine, 2)), other)
    assert "the default, x, 0." in found.text
    assert state in found.text


def test_a_skewed_set_is_no_proof():
    """Saying female of everybody is right of nine in ten where nine in ten are women."""
    labels = tuple(Label(f"{i}.jpg", 4, i % 10 > 0, "") for i in range(FACES))
    (found,) = findings(
        Labelled(Answers(labels, NOTHING, NOTHING, 0)), Said(NOTHING, np.ones(FACES))
    )
    assert found.useless
    assert "it says female of 100%" in found.text


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_share_lies_in_its_interval(right, count):
    """Which lies within 0 … 1."""
    right = min(right, count)
    low, high = wilson(right, count)
    assert -1e-9 <= low <= right / count + 1e-9
    assert right / count - 1e-9 <= high <= 1 + 1e-9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_mean_lies_in_its_interval(seed):
    """Of any values."""
    values = np.random.default_rng(seed).normal(0, 3, 50)
    low, high = interval(values)
    assert low <= values.mean() <= high


def card(*outputs: Output) -> Card:
    import msgspec  # noqa: PLC0415 - beside its one use

    shipped = read_card(MODELS / "agender_64.json")
    estimator = msgspec.structs.replace(shipped.estimating, outputs=outputs)
    return msgspec.structs.replace(shipped, estimator=estimator)


def age(kind: str, **fields) -> Output:
    return Output(attribute="age", kind=kind, **fields)


def gender(kind: str, **fields) -> Output:
    return Output(attribute="gender", kind=kind, **fields)


SHARES = np.array([[0.2, 0.8], [0.5, 0.5]], np.float32)


@pytest.mark.parametrize(
    ("output", "values", "refused"),
    [
        (gender("softmax"), SHARES, ""),
        (gender("softmax"), SHARES * 0.5, "sums from 0.5 to 0.5"),
        (gender("softmax"), np.log(SHARES), "values from -1.61 to"),
        (gender("softmax", logits=True), np.log(SHARES), ""),
        (gender("probability"), SHARES[:, :1], ""),
        (gender("probability"), SHARES[:, :1] * 7 - 3, "ends before its logistic function"),
        (gender("probability", logits=True), SHARES[:, :1] * 7 - 3, ""),
        (age("expectation"), SHARES, ""),
        (age("expectation"), np.log(SHARES), "ends before its softmax"),
        (age("index"), np.log(SHARES), ""),
        (age("regression"), SHARES[:, :1] * 80, ""),
    ],
)
def test_shares_that_are_none_are_refused(output, values, refused):
    """Logits read as probabilities once made boys under 13 of everybody."""
    if not refused:
        refuse_impossible(card(output), [values])
        return
    with pytest.raises(ConvertError, match=refused):
        refuse_impossible(card(output), [values])


def fed(right: Callable[[Input], bool]) -> Callable[[Input], Said]:
    """A network that tells ages and genders only where it is fed rightly."""

    def ask(spec: Input) -> Said:
        return Said(years(4.0), women(0.95)) if right(spec) else Said(years(60.0), women(0.5, 5))

    return ask


RGB = Input(64, 64, "rgb")
ROWS = np.arange(FACES)


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (lambda spec: spec.colour == "bgr", 'colour = "bgr", mean = [0, 0, 0], scale = [1, 1, 1]'),
        (lambda spec: spec.scale[0] == 1 / 255, "scale = [0.00392157, 0.00392157, 0.00392157]"),
        (lambda spec: spec.mean == IMAGENET_MEAN, "mean = [123.675, 116.28, 103.53]"),
        (lambda spec: spec.mean == CAFFE_MEAN[::-1], "mean = [103.939, 116.779, 123"),
    ],
)  # fmt: skip
def test_the_way_that_a_network_was_meant_to_be_fed_is_found_by_trying(right, words):
    """For age and for gender, with the figures before and after."""
    ask = fed(right)
    found = Trials(card(age("regression")), ask, ROWS).better(labelled(), ask(RGB))
    assert len(found) == 2
    assert all(words in text for text in found)
    assert "instead of" in found[0]


def test_exchanged_genders_are_found_without_another_way_of_feeding():
    """The simplest of the ways that are as good as the best."""
    said = Said(NOTHING, women(0.05))
    found = Trials(card(gender("probability")), lambda _: said, ROWS).better(labelled(), said)
    assert len(found) == 1
    assert found[0].endswith("with women and men exchanged (`positive`)")


def test_where_nothing_is_surely_better_nothing_is_suggested():
    """A hundredth more is chance."""
    own = Said(years(5.0), women(0.9))
    trials = Trials(card(age("regression")), lambda _: Said(years(4.95), women(0.91)), ROWS)
    assert trials.better(labelled(), own) == []


def test_a_network_that_standardizes_each_picture_is_tried_in_other_colours_alone():
    """Its range is its own; and grey has one order."""
    assert [spec.colour for spec in inputs(RGB, ranges=False)] == ["bgr"]
    assert list(inputs(Input(64, 64, "grey"), ranges=False)) == []
