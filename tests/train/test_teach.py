"""A teacher made of dlib's network, and what it may know."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.cli import main
from converters.errors import ConvertError
from converters.train.chips import save_chips
from converters.train.features import Looks, parts_tensor
from converters.train.settings import Settings, Teacher
from converters.train.soft_labels import SoftLabels, of_chips, read_soft_labels, write_soft_labels
from converters.train.split import held_out
from converters.train.teach import Given, load_trunk, teach
from converters.train.teacher import soft_labels_of
from tests.train import dlib_file
from tests.train.faces import chips, settings

FACES = 32


def how() -> Settings:
    few = Teacher(
        networks=2,
        epochs=3,
        changed_looks=1,
        head_learning_rate=0.03,
        average=0.5,
        dropout=0.0,
    )
    return msgspec.structs.replace(settings(), teacher=few)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("dlib") / "net.dat"
    dlib_file.write(path)
    return path


@pytest.fixture(scope="module")
def taught(tmp_path_factory, weights):
    """A finished `teach`, on chips that are there already."""
    out = tmp_path_factory.mktemp("teacher")
    save_chips(chips(FACES), out / "chips", how().data)
    return teach(out / "no data", how(), out, out / "no models", Given(weights))


def test_the_teacher_thinks_of_the_faces_it_learned_from_alone(taught):
    """Distributions over the bands and chances of a woman; held-out faces are not among them."""
    image, soft_labels = read_soft_labels(taught)
    held = held_out(chips(FACES), how().data.held_out, how().training.seed)
    assert set(image) == set(chips(FACES).image[~held])
    assert soft_labels.age.sum(1) == pytest.approx(1, abs=1e-4)
    assert ((soft_labels.female >= 0) & (soft_labels.female <= 1)).all()
    assert soft_labels.features.shape == (len(image), 2 * 256)
    assert np.abs(soft_labels.features.astype(float).mean(0)).max() < 0.01


def test_the_teacher_has_learned(taught):
    """Nearly every woman is a likelier woman than every man: the pictures' colour tells."""
    image, soft_labels = read_soft_labels(taught)
    truth = dict(zip(chips(FACES).image, chips(FACES).female, strict=True))
    female = np.array([truth[name] for name in image])
    pairs = soft_labels.female[female][:, None] > soft_labels.female[~female]
    assert pairs.mean() > 0.9


def test_looks_are_computed_once(taught, weights):
    """A further run takes them from the files, and leaves no half-written one."""
    held = held_out(chips(FACES), how().data.held_out, how().training.seed)
    folder = taught.parent / "parts"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    kept = Looks(load_trunk(weights), chips(FACES), held, how()).kept(folder, lambda *_: None)
    assert set(kept) == {"plain", "mirrored", "changed_1"}
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert parts_tensor(kept["plain"][:2], "cpu").shape == (2, 64, 17, 17)
    assert not kept["changed_1"][held].any()
    assert kept["mirrored"].any(axis=(1, 2, 3)).all()


def _few(names: list[str], path: Path) -> Path:
    """SoftLabels of faces with these names: a woman's chance grows from 0 to 1."""
    count = len(names)
    chance = np.linspace(0, 1, count, dtype=np.float32)
    age = np.full((count, 9), 1 / 9, np.float32)
    soft_labels = SoftLabels(age, chance, np.ones((count, 2), np.float16))
    return write_soft_labels(path, np.array(names), soft_labels)


def test_a_teacher_that_saw_held_out_faces_is_refused(tmp_path):
    """Otherwise the held-out figures would flatter."""
    faces, held = chips(20), np.arange(20) < 5
    path = _few(faces.image.tolist(), tmp_path / "soft_labels.npz")
    with pytest.raises(ConvertError, match="has learned from 5 of the held-out faces"):
        of_chips(path, faces, held)


def test_a_teacher_of_other_faces_is_refused(tmp_path):
    """Every face that is trained on needs an opinion."""
    faces, held = chips(20), np.arange(20) < 5
    path = _few(faces.image[8:].tolist(), tmp_path / "soft_labels.npz")
    with pytest.raises(ConvertError, match="does not know 3 of the faces"):
        of_chips(path, faces, held)


def test_several_teachers_are_averaged(tmp_path):
    """Whatever the order of the faces in their files; the features stand side by side."""
    faces, held = chips(20), np.arange(20) < 5
    names = faces.image[~held].tolist()
    rising = _few(names, tmp_path / "one.npz")
    falling = _few(names[::-1], tmp_path / "other.npz")
    soft_labels = soft_labels_of((rising, falling), faces, held, settings())
    assert soft_labels.female[~held] == pytest.approx(0.5, abs=1e-6)
    assert not soft_labels.age[held].any()
    assert soft_labels.features.shape == (20, 4)
    one = soft_labels_of((rising,), faces, held, settings())
    assert one.female[~held] == pytest.approx(np.linspace(0, 1, 15), abs=1e-6)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no archive"])
def test_what_holds_no_opinions_is_refused(tmp_path, content):
    """Missing or broken, the file is named."""
    path = tmp_path / "soft_labels.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConvertError, match=r"soft_labels\.npz holds no soft labels"):
        read_soft_labels(path)


def test_another_network_is_refused_before_anything_is_done(tmp_path):
    """Not after half an hour of cutting faces."""
    (tmp_path / "net.dat").write_bytes(b"something else")
    with pytest.raises(ConvertError, match="is not dlib's face recognition network"):
        teach(tmp_path, how(), tmp_path / "out", tmp_path, Given(tmp_path / "net.dat"))
    assert not (tmp_path / "out").exists()


def test_the_command_ends_in_one_sentence_where_the_weights_are_missing(tmp_path, capsys):
    """Status 1, the file's name, and nothing begun."""
    weights, out = tmp_path / "gone.dat", tmp_path / "out"
    words = ["teach", "--data", str(tmp_path), "--weights", str(weights), "--out", str(out)]
    assert main(words) == 1
    assert capsys.readouterr().err.strip() == (
        f"agender-convert: cannot read {weights}: No such file or directory"
    )
    assert not out.exists()
