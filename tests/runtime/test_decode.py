"""The table of decoders: how the published networks say an age and a gender."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.errors import ModelError
from edge.runtime.estimate.decode import DECODERS, decode, deviation
from edge.runtime.networks.card import Output

BANDS = (1, 5, 10, 17.5, 28.5, 40.5, 50.5, 70)
NAMES = ("0-2", "4-6", "8-12", "15-20", "25-32", "38-43", "48-53", "60+")
AGES = tuple(range(101))


def one_hot(index: int, of: int) -> list[list[float]]:
    return np.eye(of)[index : index + 1].tolist()


def age(kind: str, **fields) -> Output:
    return Output(attribute="age", kind=kind, **fields)


def gender(kind: str, **fields) -> Output:
    return Output(attribute="gender", kind=kind, **fields)


TABLE = {
    "one value in years": (age("regression"), [[31.5]], 31.5),
    "one value in centuries, and a year more": (
        age("regression", factor=100, offset=1),
        [[0.3]],
        31,
    ),
    "shares of named years": (age("expectation", values=(10, 20, 40)), [[0, 0.5, 0.5]], 30),
    "logits of two years": (age("expectation", values=(10, 30), logits=True), [[7, 7]], 20),
    "101 shares, year by year": (age("expectation", values=AGES), one_hot(42, 101), 42),
    "101 shares, years not named": (age("expectation"), one_hot(42, 101), 42),
    "81 shares whose first is a quarter": (
        age("expectation", values=(0.25, *range(1, 81))),
        one_hot(0, 81),
        0.25,
    ),
    "21 shares, the expected index × 4.76": (
        age("expectation", factor=4.76),
        [[0.5, 0.5, *[0] * 19]],
        2.38,
    ),
    "the largest of eight named bands": (
        age("argmax", values=BANDS, labels=NAMES),
        [[0.1, 0.1, 0, 0, 0.5, 0.3, 0, 0]],
        28.5,
    ),
    "the largest of eight logits": (
        age("argmax", values=BANDS, logits=True),
        [[-9, -9, -9, -9, -9, -9, -9, -1]],
        70,
    ),
    "the largest of 21, index × 4.76": (age("index", factor=4.76), one_hot(20, 21), 95.2),
    "the largest, counted from 15": (age("index", offset=15), one_hot(3, 60), 18),
    "a woman's probability": (gender("probability"), [[0.8]], 0.8),
    "a man's probability": (gender("probability", positive="male"), [[0.8]], 0.2),
    "a probability past 1": (gender("probability"), [[1.7]], 1.0),
    "a woman's logit": (gender("probability", logits=True), [[0.0]], 0.5),
    "a man's logit": (gender("probability", logits=True, positive="male"), [[2.0]], 0.11920292),
    "female first": (gender("softmax"), [[0.3, 0.7]], 0.3),
    "male first, women counted": (gender("softmax", positive_index=1), [[0.3, 0.7]], 0.7),
    "male first, men counted": (gender("softmax", positive="male"), [[0.3, 0.7]], 0.7),
    "female first, men counted": (
        gender("softmax", positive="male", positive_index=1),
        [[0.3, 0.7]],
        0.3,
    ),
    "a face's logit": (
        Output(attribute="face", kind="probability", logits=True),
        [[-2.0]],
        0.11920292,
    ),
    "a face, and something else second": (
        Output(attribute="face", kind="softmax"),
        [[0.3, 0.7]],
        0.3,
    ),
    "two logits": (gender("softmax", logits=True), [[900.0, 900.0]], 0.5),
}


@pytest.mark.parametrize(("output", "tensor", "expected"), TABLE.values(), ids=TABLE)
def test_each_kind_of_output_becomes_years_or_the_probability_of_a_woman(output, tensor, expected):
    """One row of the table each."""
    assert decode(np.array(tensor, np.float32), output) == pytest.approx([expected], abs=1e-5)


def test_every_decoder_is_in_the_table_above():
    """None is left out."""
    assert {output.kind for output, *_ in TABLE.values()} == set(DECODERS)


SHARES = arrays.arrays(np.float32, (3, 8), elements=st.floats(-20, 20, width=32))


@given(SHARES)
def test_an_expectation_lies_between_the_least_and_the_greatest_year(logits):
    """Whatever the network says."""
    years = decode(logits, age("expectation", values=BANDS, logits=True))
    assert ((years >= min(BANDS) - 1e-9) & (years <= max(BANDS) + 1e-9)).all()


@pytest.mark.parametrize(
    ("shares", "expected"),
    [([0, 0, 1, 0], 0.0), ([0.5, 0, 0, 0.5], 30.0), ([0.25, 0.25, 0.25, 0.25], 22.3606798)],
    ids=["sure", "the youngest or the oldest", "no idea"],
)
def test_how_sure_an_age_is_is_its_distribution_s_deviation(shares, expected):
    """In years; `factor` stretches it, `offset` does not."""
    bands = (0.0, 20.0, 40.0, 60.0)
    tensor = np.array([shares], np.float32)
    plain = deviation(tensor, age("expectation", values=bands))
    assert plain == pytest.approx([expected], abs=1e-5)
    scaled = age("expectation", values=bands, factor=0.5, offset=9)
    assert deviation(tensor, scaled) == pytest.approx([expected / 2], abs=1e-5)


@given(SHARES)
def test_no_age_is_surer_than_sure(logits):
    """Rounding never makes a variance negative, and no distribution is wider than its values."""
    found = deviation(logits, age("expectation", values=BANDS, logits=True))
    assert ((found >= 0) & (found <= (max(BANDS) - min(BANDS)) / 2 + 1e-9)).all()


@given(SHARES, st.sampled_from(range(8)))
def test_a_turned_polarity_gives_the_complement(logits, index):
    """Counting men where women were counted turns the probability round, for any class."""
    women = decode(logits, gender("softmax", positive_index=index, logits=True))
    men = decode(logits, gender("softmax", positive="male", positive_index=index, logits=True))
    np.testing.assert_allclose(women + men, 1)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (age("expectation", values=(1, 2, 3)), "gives 3 values, but .* has 4 classes"),
        (age("argmax", values=BANDS), "gives 8 values, but .* has 4 classes"),
        (gender("softmax", positive_index=7), "counts 7 as an index, but .* has 4 classes"),
    ],
)
def test_a_card_of_another_network_is_refused(output, message):
    """The card is named as what is wrong, not an array's shape."""
    with pytest.raises(ModelError, match=message):
        decode(np.zeros((1, 4), np.float32), output)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"attribute": "age", "kind": "softmax"}, "for age is of kind regression"),
        ({"attribute": "gender", "kind": "regression"}, "for gender is of kind probability"),
        ({"attribute": "age", "kind": "argmax"}, "needs `values`"),
        ({"attribute": "age", "kind": "argmax", "values": [1], "labels": ["a", "b"]}, "2 labels"),
        ({"attribute": "age", "kind": "expectation", "labels": ["a"]}, "1 labels name 0 values"),
        ({"attribute": "gender", "kind": "softmax", "positive_index": -1}, ">= 0"),
        ({"attribute": "face", "kind": "expectation"}, "for face is of kind probability"),
        ({"attribute": "race", "kind": "softmax"}, "race"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(fields, message):
    """When it is read, and the key is named; no card can ask for anything but an age, a gender and
    whether there is a face.
    """
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(fields, Output)
