"""Crops that are faces and crops that are none: read, kept apart by source, drawn, judged."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

import msgspec

from converters.errors import ConvertError
from converters.train.batches import epoch, lot_of
from converters.train.loop import Beside, Trainer
from converters.train.others import Others, drawn, read_others, removed
from converters.train.settings import NotFaces
from converters.train.split import held_out
from tests.train.faces import chips, settings

ROWS = [
    ("1", "clip", "CC0"),
    ("0", "clip", "CC0"),
    ("0", "animals", "MIT"),
    ("1", "portraits", "CC BY 4.0"),
    ("0", "wallpapers", "CC BY-SA"),
    ("1", "wallpapers", "CC BY-SA"),
    ("0", "hands", "Apache-2.0"),
]


def archive(path: Path, rows: list[tuple[str, str, str]] = ROWS, column: str = "source") -> Path:
    """Grey crops, each of another brightness."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["image", "face", column, "box_px", "licence"])
    with zipfile.ZipFile(path, "w") as file:
        for number, (face, source, licence) in enumerate(rows):
            name = f"images/{number}.png"
            writer.writerow([name, face, source, 20 + number, licence])
            picture = np.full((64, 64, 3), 10 * number, np.uint8)
            file.writestr(name, cv2.imencode(".png", picture)[1].tobytes())
        file.writestr("labels.csv", table.getvalue())
    return path


def some(count: int = 40) -> Others:
    """Dark things and bright faces, half of each to learn from."""
    face = np.arange(count) % 2 == 0
    pixels = np.zeros((count, 20, 20, 3), np.uint8)
    pixels[face] = 230
    source = np.where(np.arange(count) < count // 2, "one", "two")
    return Others(pixels, face, source, np.full(count, 30.0), np.arange(count) < count // 2)


def test_a_source_is_learned_from_or_judged_by(tmp_path):
    """By its licence, and by what the settings name; what they leave out is not there at all."""
    how = NotFaces(judged_by=("hands",), left_out=("portraits",))
    found = read_others(archive(tmp_path / "crops.zip"), settings().data, how)
    learned = dict(zip(found.source.tolist(), found.learned.tolist(), strict=True))
    assert learned == {"clip": True, "animals": True, "wallpapers": False, "hands": False}
    assert found.pixels.shape == (6, 20, 20, 3)
    assert found.pixels[1].max() == found.pixels[1].min() == 10


@pytest.mark.parametrize(
    ("rows", "column", "told"),
    [
        (ROWS[:5], "source", "judge by"),
        ([row for row in ROWS if row[0] == "1"], "source", "faces or other things"),
        (ROWS, "whence", "no column 'source'"),
        ([], "source", "no rows"),
    ],
)
def test_what_can_not_be_learned_from_is_told(tmp_path, rows, column, told):
    """Before an epoch is begun, in a sentence that names what lacks."""
    path = archive(tmp_path / "crops.zip", rows, column)
    with pytest.raises(ConvertError, match=told):
        read_others(path, settings().data, NotFaces())


def test_a_file_that_is_no_archive_is_told(tmp_path):
    """And what would be right."""
    path = tmp_path / "crops.zip"
    path.write_bytes(b"nothing")
    with pytest.raises(ConvertError, match=r"give a ZIP with images/ and a labels\.csv"):
        read_others(path, settings().data, NotFaces())


def test_what_is_judged_by_is_never_shown():
    """Things, faces and corners are drawn in their shares, from what is learned from alone."""
    others, faces = some(), chips(20)
    pixels = np.where(others.learned[:, None, None, None], others.pixels, 77).astype(np.uint8)
    shown, which = drawn(
        others._replace(pixels=pixels), faces, np.arange(20), 40, np.random.default_rng(1)
    )
    assert which.sum() == 20
    assert not (shown == 77).all((1, 2, 3)).any()


def test_faces_are_told_from_other_things(tmp_path):
    """Sources never shown are told apart, though nothing was said of their ages."""
    how = settings(epochs=12)
    how = msgspec.structs.replace(how, network=msgspec.structs.replace(how.network, face=True))
    faces = chips()
    trainer = Trainer(how, faces, held_out(faces, 0.25, 1), Beside(others=some()))
    while not trainer.finished:
        trainer.run_epoch()
    found = trainer.judge()
    assert found["not_faces"] > 0.9
    assert found["one_off"] > 0.5


def test_without_others_nothing_is_shown_beside_the_faces():
    """And a batch says so."""
    how, faces = settings(), chips()
    lot = lot_of(faces, np.ones(160, bool), how, np.zeros(160, bool))
    batch = next(epoch(faces, lot, how, 0))
    assert len(batch.others) == len(batch.other_faces) == 0


def test_the_share_that_is_removed_is_that_below_nearly_all_faces():
    """With 99 of 100 faces kept."""
    faces = np.arange(1, 1001, dtype=np.float32)
    assert removed(faces, np.array([0.0, 5.0, 500.0, 2000.0])) == 0.5
