"""The training loop: it learns, it goes on, it says the same thing twice."""

from __future__ import annotations

import csv

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.train.answers import figures
from converters.train.batches import chances, epoch, lot_of
from converters.train.loop import Trainer, train
from converters.train.split import held_out
from tests.train.faces import chips, settings


def trainer(epochs: int = 2, seed: int = 1) -> Trainer:
    how = settings(epochs, seed)
    return Trainer(how, chips(), held_out(chips(), how.data.held_out, seed))


def weights(run: Trainer) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in run.average.module.parameters()])


def test_learns_what_can_be_learned(tmp_path):
    """Colours that tell age and gender are told apart on faces never trained on."""
    run = trainer(epochs=25)
    train(run, tmp_path, lambda _: None)
    found = run.judge()
    assert found["gender"] > 0.95
    assert found["one_off"] > 0.8


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path):
    """Stopped after two of four epochs and gone on with, the weights are the same."""
    whole = trainer(epochs=4)
    train(whole, tmp_path, lambda _: None)
    first = trainer(epochs=4)
    first.run_epoch()
    first.run_epoch()
    first.save(tmp_path / "half.pt")
    second = trainer(epochs=4)
    second.load(tmp_path / "half.pt")
    train(second, tmp_path, lambda _: None)
    assert weights(second) == pytest.approx(weights(whole), abs=1e-5)


def test_seeds_decide():
    """The same seed gives the same weights, another one others."""
    one, same, other = (_after_an_epoch(seed) for seed in (1, 1, 2))
    assert one == pytest.approx(same, abs=1e-6)
    assert np.abs(one - other).max() > 1e-3


def _after_an_epoch(seed: int) -> np.ndarray:
    run = trainer(seed=seed)
    run.run_epoch()
    return weights(run)


def test_every_epoch_leaves_a_line_and_says_the_time_left(tmp_path):
    """curves.csv grows by a row an epoch, and each report names epoch and minutes."""
    said: list[str] = []
    train(trainer(epochs=3), tmp_path, said.append)
    with (tmp_path / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(0 <= float(row["exact"]) <= float(row["one_off"]) <= 1 for row in rows)
    assert said[0].startswith("epoch 1/3: loss")
    assert said[-1].endswith("0 min left")


def test_held_out_faces_are_never_shown():
    """No batch of any epoch holds a held-out face."""
    how, faces = settings(), chips()
    held = held_out(faces, 0.25, 1)
    lot = lot_of(faces, ~held, how, np.zeros(len(faces), bool))
    for number in range(3):
        for batch in epoch(faces, lot, how, number):
            assert not held[batch.members].any()


@pytest.mark.parametrize("faces", [1, 5, 15, 16, 17, 40])
def test_fewer_faces_than_a_batch_are_a_smaller_batch(faces):
    """Any number can be learned from; what does not fill a batch is left for another epoch."""
    how, some = settings(), chips(faces)
    lot = lot_of(some, np.ones(faces, bool), how, np.zeros(faces, bool))
    sizes = [len(batch.members) for batch in epoch(some, lot, how, 0)]
    assert set(sizes) == {min(16, faces)}
    assert sum(sizes) > faces - 16


def test_a_rehearsal_has_its_share_of_an_epoch():
    """However large it is; the user's own faces are drawn as often as they are many."""
    how, faces = settings(), chips(400)
    rehearsed = np.arange(400) >= 100
    lot = lot_of(faces, np.ones(400, bool), how, rehearsed)
    assert lot.count == 200
    assert lot.chance[rehearsed].sum() == pytest.approx(how.fine_tuning.rehearsal)
    drawn = np.concatenate([batch.members for batch in epoch(faces, lot, how, 0)])
    assert rehearsed[drawn].mean() == pytest.approx(0.5, abs=0.12)


def test_rare_bands_are_drawn_more_often_than_they_are():
    """Balance 1 draws all bands alike, balance 0 as they come."""
    band = np.repeat([0, 1], [900, 100])
    assert chances(band, 1.0)[band == 1].sum() == pytest.approx(0.5)
    assert chances(band, 0.0)[band == 1].sum() == pytest.approx(0.1)


def test_figures_are_those_of_the_answers():
    """Three faces: one right, one a band off, one far off; one gender wrong."""
    age = np.eye(9, dtype=np.float32)[[3, 5, 0]] * 50
    found = figures(age, np.array([2.0, -1.0, 1.0]), np.array([3, 4, 8]), np.array([1, 0, 0]) > 0)
    assert found == pytest.approx(
        {
            "exact": 1 / 3,
            "one_off": 2 / 3,
            "years": (0 + 10 + 74) / 3,
            "gender": 2 / 3,
            "gender_adults": 2 / 3,
        }
    )
