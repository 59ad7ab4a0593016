"""Two networks' weights averaged: what either knows, and what neither has lost."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

import msgspec

from converters.nets.torch_net import AgeGender
from converters.train.answers import logits
from converters.train.blend import blended
from converters.train.loop import Trainer
from converters.train.settings import Settings
from converters.train.split import held_out
from tests.train.faces import chips, settings


def crops(count: int = 256) -> np.ndarray:
    """Pictures as those that the networks were trained on."""
    return np.ascontiguousarray(chips(count).pixels[:, 2:18, 2:18])


def learned(epochs: int, how: Settings | None = None) -> AgeGender:
    how = how or settings(epochs)
    run = Trainer(how, chips(), held_out(chips(), 0.25, 1))
    for _ in range(epochs):
        run.run_epoch()
    return run.result.eval()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_of_one_network_is_that_network(share):
    """With what is normal measured on the same crops."""
    first, second = learned(2), learned(4)
    whole = first if share == 0 else second
    found = logits(blended(first, second, share, crops()), crops())
    wanted = logits(blended(whole, whole, 0.5, crops()), crops())
    assert found.age == pytest.approx(wanted.age, abs=1e-4)
    assert found.gender == pytest.approx(wanted.gender, abs=1e-4)


def test_weights_lie_between_those_of_both():
    """Each number of each kernel and head."""
    first, second = learned(2), learned(4)
    half = dict(blended(first, second, 0.5, crops()).named_parameters())
    theirs = dict(second.named_parameters())
    for name, mine in first.named_parameters():
        middle = ((mine + theirs[name]) / 2).detach().numpy()
        assert half[name].detach().numpy() == pytest.approx(middle, abs=1e-6)


def test_a_head_that_the_other_has_not_learned_is_not_watered_down():
    """Else half of what it says would be nothing."""
    how = settings(2)
    faced = msgspec.structs.replace(how, network=msgspec.structs.replace(how.network, face=True))
    first, second = learned(2, faced), learned(2, faced)
    assert first.face is not None
    found = blended(first, second, 0.5, crops(), face=False)
    assert found.face is not None
    assert torch.equal(found.face.weight, first.face.weight)
