"""Learning from an earlier network's opinion beside the labels."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.errors import ConvertError
from converters.nets.spec import Network, Stage
from converters.train.chips import held_out
from converters.train.loop import Trainer
from converters.train.teacher import averaged_network, opinions
from tests.train.faces import chips, settings


def trainer(weight: float) -> Trainer:
    how = settings()
    how = msgspec.structs.replace(how, loss=msgspec.structs.replace(how.loss, teacher=weight))
    return Trainer(how, chips(), held_out(chips(), 0.25, 1))


def test_a_teacher_says_nothing_of_held_out_faces():
    """Opinions are distributions for the faces asked about, and zero for all others."""
    run = trainer(0.5)
    age, woman = opinions(run.network, run.chips, run.members, run.settings)
    assert age[run.members].sum(1) == pytest.approx(1, abs=1e-5)
    assert not age[run.held].any()
    assert not woman[run.held].any()


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_the_opinion_counts_as_much_as_was_asked(weight):
    """At 0 the label alone is learned, at 1 the teacher's answer alone."""
    run = trainer(weight)
    members = run.members[:5]
    label_age, label_woman = run._targets(members)
    faces = len(run.chips)
    run.opinions = (np.full((faces, 9), 1 / 9, np.float32), np.full(faces, 0.3, np.float32))
    age, woman = run._targets(members)
    assert age.numpy() == pytest.approx((1 - weight) * label_age.numpy() + weight / 9, abs=1e-6)
    expected = (1 - weight) * label_woman.numpy() + weight * 0.3
    assert woman.numpy() == pytest.approx(expected, abs=1e-6)


def test_a_checkpoint_teaches_what_it_was_saved_with(tmp_path):
    """The averaged weights come back."""
    run = trainer(0.5)
    run.run_epoch()
    run.save(tmp_path / "checkpoint.pt")
    taught = averaged_network(tmp_path / "checkpoint.pt", run.settings)
    for mine, other in zip(run.average.module.parameters(), taught.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_what_is_no_checkpoint_of_this_shape_is_refused(tmp_path):
    """A missing file and another network's checkpoint are named."""
    run = trainer(0.5)
    run.save(tmp_path / "checkpoint.pt")
    other = msgspec.structs.replace(run.settings, network=Network(16, (Stage(4),)))
    for path, how in ((tmp_path / "gone.pt", run.settings), (tmp_path / "checkpoint.pt", other)):
        with pytest.raises(ConvertError, match="is no checkpoint of a network of this shape"):
            averaged_network(path, how)
