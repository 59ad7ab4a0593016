"""Labels that the network contradicts."""

from __future__ import annotations

import csv

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.errors import ConvertError
from converters.labels import BAND_MIDDLES, Label
from converters.train.held_out import Said
from converters.train.suspects import refuse_exchanged, tell


def seen(faces: int, right: float, seed: int = 0) -> tuple[list[Label], Said]:
    """Adults whose genders are seen as labelled in this share of cases, ages as labelled."""
    random = np.random.default_rng(seed)
    labels = [Label(f"images/{i}.jpg", 3 + i % 5, bool(i % 2), "") for i in range(faces)]
    agrees = random.random(faces) < right
    female = np.array([label.female for label in labels])
    women = np.where(agrees == female, 0.95, 0.05)
    return labels, Said(np.array([BAND_MIDDLES[label.band] for label in labels]), women)


@pytest.mark.parametrize(
    ("right", "refused"), [(0.1, True), (0.4, True), (0.5, False), (0.9, False)]
)
def test_exchanged_genders_are_refused(right, refused):
    """Where surely more adults are labelled against what is seen than with it."""
    labels, said = seen(400, right)
    if not refused:
        refuse_exchanged(labels, said, "mine")
        return
    with pytest.raises(ConvertError, match="the genders in mine seem to be exchanged: of 400"):
        refuse_exchanged(labels, said, "mine")


def test_a_few_labels_prove_nothing():
    """Ten faces may be anything."""
    refuse_exchanged(*seen(10, 0.0), "mine")


def test_the_labels_to_look_at_are_written_down(tmp_path):
    """A gender that is surely another, an age decades off; and the first is named."""
    labels, said = seen(100, 1.0)
    said.women[4], said.years[7] = 0.99, 90.0
    told: list[str] = []
    tell(labels, said, tmp_path, told.append)
    with (tmp_path / "suspects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["images/4.jpg", "images/7.jpg"]
    assert rows[0]["gender"] == "male"
    assert rows[0]["said_gender"] == "female"
    assert "2 of 100 labels" in told[0]
    assert "images/4.jpg" in told[0]


def test_where_nothing_is_contradicted_nothing_is_said(tmp_path):
    """And no file is written."""
    told: list[str] = []
    tell(*seen(100, 1.0), tmp_path, told.append)
    assert not told
    assert not list(tmp_path.iterdir())
