"""What training minimizes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.labels import BAND_MIDDLES
from converters.train.losses import age_targets, loss
from converters.train.settings import Loss


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        (0, [0.9, 0.1, 0, 0]),
        (1, [0.05, 0.9, 0.05, 0]),
        (3, [0, 0, 0.1, 0.9]),
    ],
)
def test_a_label_leaks_into_its_neighbours_only(band, expected):
    """The leaked part is shared by both neighbours; at the ends it all goes to the one."""
    assert age_targets(torch.tensor([band]), 4, 0.1)[0].tolist() == pytest.approx(expected)


def test_the_right_answer_costs_least_and_a_far_one_most():
    """The loss grows with the distance between the answered and the true band."""
    target = age_targets(torch.tensor([2]), len(BAND_MIDDLES), 0.1)
    losses = [
        float(loss(torch.eye(9)[[band]] * 6, torch.zeros(1), target, torch.ones(1), Loss()))
        for band in (2, 3, 5, 8)
    ]
    assert losses == sorted(losses)


def test_a_wrong_gender_costs_more_than_a_right_one():
    """And the smoothed label makes boundless certainty cost something too."""
    target = age_targets(torch.tensor([2]), len(BAND_MIDDLES), 0.1)

    def cost(logit: float) -> float:
        return float(
            loss(torch.zeros(1, 9), torch.tensor([float(logit)]), target, torch.ones(1), Loss())
        )

    assert cost(3) < cost(0) < cost(-3)
    assert cost(3) < cost(30)
