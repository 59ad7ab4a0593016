"""Learning from an earlier network's opinion beside the labels."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.errors import ConvertError
from converters.nets.spec import Network, Stage
from converters.train.answers import tensor
from converters.train.batches import plain_crops
from converters.train.loop import Beside, Trainer
from converters.train.soft_labels import SoftLabels
from converters.train.split import held_out
from converters.train.teacher import averaged_network, network_to_begin_with, soft_labels
from tests.train.faces import chips, settings

NO_CROPS = np.zeros((0, 16, 16, 3), np.uint8)


def taught(weight: float = 0.5, features: int = 0) -> Trainer:
    """A run whose teacher says the same of every face."""
    how = settings()
    how = msgspec.structs.replace(how, loss=msgspec.structs.replace(how.loss, teacher=weight))
    faces = chips()
    count = len(faces)
    colour = (faces.pixels[:, 0, 0, :1] / 100 - 1).astype(np.float16)
    soft_labels = SoftLabels(
        np.full((count, 9), 1 / 9, np.float32),
        np.full(count, 0.3, np.float32),
        np.tile(colour, (1, features)),
    )
    return Trainer(how, faces, held_out(faces, 0.25, 1), Beside(soft_labels))


def trainer() -> Trainer:
    return Trainer(settings(), chips(), held_out(chips(), 0.25, 1))


def test_a_teacher_says_nothing_of_held_out_faces():
    """SoftLabels are distributions for the faces asked about, and zero for all others."""
    run = trainer()
    age, woman, _ = soft_labels(run.network, run.chips, run.lot.members, run.settings)
    assert age[run.lot.members].sum(1) == pytest.approx(1, abs=1e-5)
    assert not age[run.held].any()
    assert not woman[run.held].any()


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_the_opinion_counts_as_much_as_was_asked(weight):
    """At 0 the label alone is learned, at 1 the teacher's answer alone."""
    members = trainer().lot.members[:5]
    label_age, label_woman, _ = trainer()._targets(members)
    age, woman, _ = taught(weight)._targets(members)
    assert age.numpy() == pytest.approx((1 - weight) * label_age.numpy() + weight / 9, abs=1e-6)
    expected = (1 - weight) * label_woman.numpy() + weight * 0.3
    assert woman.numpy() == pytest.approx(expected, abs=1e-6)


def test_the_features_come_to_tell_the_teachers():
    """After some epochs the teacher's features can be read off the network's."""
    run = taught(features=3)
    pixels = tensor(plain_crops(run.chips, run.lot.members, run.settings), "cpu")
    wanted = torch.from_numpy(run.soft_labels.features[run.lot.members]).float()

    def error() -> float:
        run.network.eval()
        with torch.no_grad():
            return float((run.hint(run.network.features(pixels)) - wanted).square().mean())

    before = error()
    for _ in range(6):
        run.run_epoch()
    assert error() < before / 2


def test_a_run_goes_on_with_the_teacher_it_was_begun_with(tmp_path):
    """Another teacher, or none, is refused in one sentence."""
    run = taught(features=3)
    run.save(tmp_path / "checkpoint.pt")
    taught(features=3).load(tmp_path / "checkpoint.pt")
    for other in (taught(features=2), trainer()):
        with pytest.raises(ConvertError, match="was begun with another teacher"):
            other.load(tmp_path / "checkpoint.pt")


def test_a_run_can_begin_with_the_weights_of_another(tmp_path):
    """Both the network and its average start where the earlier run ended, the epochs at none."""
    run = trainer()
    run.run_epoch()
    run.save(tmp_path / "checkpoint.pt")
    fresh = taught(features=3)
    fresh.begin_with(averaged_network(tmp_path / "checkpoint.pt", fresh.settings))
    assert fresh.judge() == run.judge()
    assert fresh.done == 0


def test_a_checkpoint_teaches_what_it_was_saved_with(tmp_path):
    """The averaged weights come back."""
    run = trainer()
    run.run_epoch()
    run.save(tmp_path / "checkpoint.pt")
    wise = averaged_network(tmp_path / "checkpoint.pt", run.settings)
    for mine, other in zip(run.average.module.parameters(), wise.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_a_run_can_begin_with_a_network_half_as_wide(tmp_path):
    """It is widened; another shape is refused."""
    run = trainer()
    run.save(tmp_path / "checkpoint.pt")
    small = run.settings.network
    stages = tuple(msgspec.structs.replace(s, channels=2 * s.channels) for s in small.stages)
    wide = msgspec.structs.replace(
        run.settings, network=msgspec.structs.replace(small, stages=stages)
    )
    begun = network_to_begin_with(tmp_path / "checkpoint.pt", wide, NO_CROPS).eval()
    pixels = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        said = run.average.module.eval()(pixels)[0]
        assert torch.allclose(begun(pixels)[0], said, atol=1e-4)
    other = msgspec.structs.replace(run.settings, network=Network(16, (Stage(4),)))
    with pytest.raises(ConvertError, match="or one half as wide"):
        network_to_begin_with(tmp_path / "checkpoint.pt", other, NO_CROPS)


def test_a_file_that_is_none_of_ours_is_no_start(tmp_path):
    """A missing file and bytes that are no network are named."""
    pytest.importorskip("ai_edge_litert", reason="needs the runtime")
    (tmp_path / "noise.tflite").write_bytes(b"noise")
    for name in ("gone", "noise"):
        with pytest.raises(ConvertError, match=f"{name}.tflite is no file of a network"):
            network_to_begin_with(tmp_path / f"{name}.tflite", settings(), NO_CROPS)


def test_what_is_no_checkpoint_of_this_shape_is_refused(tmp_path):
    """A missing file and another network's checkpoint are named."""
    run = trainer()
    run.save(tmp_path / "checkpoint.pt")
    other = msgspec.structs.replace(run.settings, network=Network(16, (Stage(4),)))
    for path, how in ((tmp_path / "gone.pt", run.settings), (tmp_path / "checkpoint.pt", other)):
        with pytest.raises(ConvertError, match="is no checkpoint of a network of this shape"):
            averaged_network(path, how)
