"""Fine-tuning: gently, and never further than the best epoch."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters import bundle
from converters.errors import ConvertError
from converters.train.loop import Trainer, train
from converters.train.settings import Settings, gentle
from converters.train.split import held_out, three_ways
from converters.train.start import Sharpness, Start, read_start, shaped_like
from converters.train.tuner import Tuner
from edge.runtime.networks.card import read_card
from tests.shared import MODELS
from tests.train.faces import chips, settings

CARD = MODELS / "agender_64.json"
NO_CROPS = np.zeros((0, 64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def start() -> Start:
    """A network that has learned a little."""
    how = settings(epochs=6)
    trainer = Trainer(how, chips(), held_out(chips(), 0.25, 1))
    for _ in range(6):
        trainer.run_epoch()
    return Start(Path("x"), b"", read_card(CARD), trainer.result.cpu().eval(), Sharpness(1.5, 0.9))


def recipe(**fields) -> Settings:
    how = settings()
    tuning = msgspec.structs.replace(how.fine_tuning, batch=16, epochs=4, **fields)
    return gentle(msgspec.structs.replace(how, fine_tuning=tuning))


def tuner(start: Start, **fields) -> Tuner:
    how, faces = recipe(**fields), chips()
    held = held_out(faces, how.data.held_out, 1)
    nobody = np.zeros(len(faces), bool)
    return Tuner(how, faces, three_ways(faces, held, nobody, how), start)


def numbers(network) -> dict[str, np.ndarray]:
    return {name: part.cpu().numpy().copy() for name, part in network.state_dict().items()}


def test_kernels_and_statistics_stay_as_they_were(start):
    """Only what each channel is scaled and shifted by learns, and the heads."""
    run = tuner(start)
    before = numbers(start.network)
    run.run_epoch()
    after = numbers(run.network)
    same = {name for name in before if np.array_equal(before[name], after[name])}
    assert {name for name in before if "kernel" in name or "running" in name} <= same
    assert not {"age.weight", "gender.bias", "trunk.0.norm.weight", "trunk.0.norm.bias"} & same


def test_everything_learns_where_that_is_asked_for(start):
    """`layers = "all"`, and statistics of the batch where they are not frozen."""
    run = tuner(start, layers="all", frozen_statistics=False)
    before = numbers(start.network)
    run.run_epoch()
    after = numbers(run.network)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert {"trunk.0.kernel.weight", "trunk.0.norm.running_mean"} <= changed


def test_the_best_epoch_is_kept(start, tmp_path):
    """Not the last: it is what the faces to stop by are least surprised by."""
    run = tuner(start, learning_rate=0.01, patience=9)
    began = run.best_loss
    train(run, tmp_path, lambda _: None)
    assert run.best_epoch > 0
    assert run.surprise(run.result) == pytest.approx(run.best_loss)
    assert run.best_loss < began


def test_a_start_that_nothing_betters_is_kept(start, tmp_path):
    """With steps far too large the result is the start itself, and the run ends early."""
    run = tuner(start, learning_rate=100.0, patience=2)
    train(run, tmp_path, lambda _: None)
    assert (run.best_epoch, run.done) == (0, 2)
    before, after = numbers(start.network), numbers(run.result)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_resumed_run_has_the_best_of_before(start, tmp_path):
    """And goes on to the same end."""
    whole = tuner(start, learning_rate=0.01)
    train(whole, tmp_path, lambda _: None)
    first = tuner(start, learning_rate=0.01)
    first.run_epoch()
    first.run_epoch()
    first.save(tmp_path / "half.pt")
    second = tuner(start, learning_rate=0.01)
    second.load(tmp_path / "half.pt")
    train(second, tmp_path, lambda _: None)
    assert (second.best_epoch, second.best_loss) == (
        whole.best_epoch,
        pytest.approx(whole.best_loss, abs=1e-4),
    )


def test_a_fine_tuning_teaches_no_head_to_be_less_sure():
    """Mixed faces and smoothed genders would."""
    how = recipe()
    assert (how.loss.mixup, how.loss.gender_smoothing) == (0, 0)
    assert how.training.learning_rate == how.fine_tuning.learning_rate < 0.002
    assert how.data.held_out == how.fine_tuning.held_out > 0.2


@pytest.mark.converters
def test_the_shipped_network_can_be_begun_with():
    """Its card says how much a calibration sharpened its heads."""
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT")
    crops = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3)).astype(np.uint8)
    path = CARD.with_suffix(".tflite")
    found = read_start(path, shaped_like(path, Settings()), crops)
    assert found.sharpness.age == 1.5
    assert found.card.name == "agender_64"


def test_a_file_without_a_card_or_of_another_alignment_is_refused(tmp_path):
    """Its crops would not be those that this run cuts."""
    content = CARD.with_suffix(".tflite").read_bytes()
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(bundle.network(content, "it"))
    with pytest.raises(ConvertError, match=r"holds no card\.json"):
        read_start(bare, Settings(), NO_CROPS)
    with pytest.raises(ConvertError, match="no file of a network of this shape"):
        read_start(MODELS / "ssrnet_age_imdb.tflite", Settings(), NO_CROPS)
    with pytest.raises(ConvertError, match="no file of a network of this shape"):
        read_start(tmp_path / "gone.tflite", Settings(), NO_CROPS)
    plain = Settings()
    lower = msgspec.structs.replace(plain.data.alignment, mouth=(0.5, 0.8))
    other = msgspec.structs.replace(
        plain, data=msgspec.structs.replace(plain.data, alignment=lower)
    )
    crops = np.zeros((2, 64, 64, 3), np.uint8)
    with pytest.raises(ConvertError, match="is shown other crops"):
        read_start(CARD.with_suffix(".tflite"), other, crops)
