"""A network's answers: whole numbers become real as its file says, all of them or some rows."""

from __future__ import annotations

import numpy as np
import pytest

from edge.runtime.networks.answers import Answers, rows_of, steps_of

PLACES = np.arange(-128, 124, dtype=np.int8).reshape(1, 18, 14)
CHOSEN = np.array([17, 0, 3])


@pytest.mark.parametrize(
    ("dtype", "quantization", "expected"),
    [
        (np.int8, (0.5, -9), (PLACES.astype(np.float64) + 9) * 0.5),
        (np.int8, (0.0, 0), PLACES.astype(np.float64)),
        (np.float32, (0.0, 0), PLACES.astype(np.float64)),
    ],
    ids=["steps", "a count", "real"],
)
def test_numbers_are_read_as_the_file_says(dtype, quantization, expected):
    """(number − zero) × step, the number itself without a step, and real ones as they are."""
    steps = steps_of({"dtype": dtype, "quantization": quantization})
    (found,) = Answers([PLACES.astype(dtype)], [steps])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("quantization", [(0.044, -9), (0.0, 0)])
def test_some_rows_are_the_same_to_the_last_bit_as_of_all(quantization):
    """Rows that are chosen hold what they hold where everything is read, in the order chosen."""
    answers = Answers([PLACES], [steps_of({"dtype": np.int8, "quantization": quantization})])
    np.testing.assert_array_equal(rows_of(answers, 0, CHOSEN), answers[0][0][CHOSEN])
    np.testing.assert_array_equal(rows_of([answers[0]], 0, CHOSEN), answers[0][0][CHOSEN])


def test_rows_are_a_copy():
    """Who calculates with chosen rows in place changes no answer."""
    answers = Answers([PLACES.astype(np.float32)], [None])
    rows_of(answers, 0, CHOSEN)[:] = 0
    np.testing.assert_array_equal(answers[0], PLACES)


def test_outputs_are_a_sequence():
    """Outputs have a number, an order and parts, as a list of them has."""
    answers = Answers([PLACES, PLACES[:, :2]], [None, None])
    assert [len(answers), *(output.shape[1] for output in answers[::-1])] == [2, 2, 18]
