"""The face detector's training: scenes, what is learned, and the same numbers in TensorFlow."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.cli import main
from converters.detect_train import tflite_net
from converters.detect_train.backgrounds import Pictures
from converters.detect_train.chips import Chips
from converters.detect_train.equalize import equalize
from converters.detect_train.job import claim
from converters.detect_train.loop import Trainer
from converters.detect_train.losses import loss
from converters.detect_train.scenes import Composer
from converters.detect_train.settings import Scenes, Settings, Training, read_settings
from converters.detect_train.torch_net import Stepped, Student, Teacher
from converters.errors import ConvertError
from tests.converters.test_libface import weights

SIZE = Scenes(width=96, height=64)
SHORT = Training(
    opening_epochs=1, epochs=1, stepped_epochs=1, scenes=4, repeats=2, batch=4, workers=0
)
TINY = Settings(scenes=SIZE, training=SHORT)


@pytest.fixture
def material(tmp_path: Path) -> tuple[Chips, Pictures]:
    """Two coloured squares as faces, one gradient as a photograph."""
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for number in range(2):
            picture = np.full((128, 128, 3), 60 + 90 * number, np.uint8)
            archive.writestr(f"{number}.jpg", cv2.imencode(".jpg", picture)[1].tobytes())
    folder = tmp_path / "photographs"
    folder.mkdir()
    slope = np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 300, 3))
    cv2.imwrite(str(folder / "slope.png"), slope)
    return Chips(tmp_path / "faces.zip"), Pictures(folder)


def pixels_of(seed: int, height: int = 64) -> torch.Tensor:
    """Two pictures of large blotches."""
    blotches = np.random.default_rng(seed).integers(0, 256, (2, 3, height // 8, 12))
    return torch.from_numpy(blotches.repeat(8, 2).repeat(8, 3)).float()


@pytest.mark.parametrize("kind", ["mosaics", "bare", "portraits", "empty"])
def test_the_same_seed_makes_the_same_scenes(material, kind):
    """And another seed makes others; whatever kind of scene, it has the size that was asked."""
    how = msgspec.structs.replace(SIZE, **{"mosaics": 0.0, "bare": 0.0, "portraits": 0.0, kind: 1})
    first, again, other = (Composer(*material, how, seed) for seed in (1, 1, 2))
    scenes = [(first.scene(), again.scene(), other.scene()) for _ in range(12)]
    assert all(a.shape == (64, 96, 3) for a, _, _ in scenes)
    assert all(np.array_equal(a, b) for a, b, _ in scenes)
    assert not all(np.array_equal(a, c) for a, _, c in scenes)


def test_a_student_begins_close_to_its_teacher():
    """What is the same in both has the teacher's weights: given its features, it answers alike."""
    teacher, student = Teacher(weights()).eval(), Student(weights()).eval()
    said = teacher(pixels_of(0))
    with torch.no_grad():
        levels = student.deep(said.early)
        places = [head(x)[:, 1:11] for head, x in zip(student.heads, levels, strict=True)]
    for own, theirs in zip(places, said.outputs, strict=True):
        np.testing.assert_allclose(own, theirs[:, 1:11], atol=1e-5)


def test_the_teachers_own_answer_costs_least():
    """Every part of the loss is smallest where student and teacher agree."""
    said = Teacher(weights()).eval()(pixels_of(0))
    logits = [torch.cat((torch.logit(o[:, :1], 1e-6), o[:, 1:]), 1) for o in said.outputs]
    same = said._replace(outputs=logits)
    least = float(loss(same, said, 0.0))
    for part in ("fine", "early"):
        assert float(loss(same._replace(**{part: getattr(same, part) + 0.1}), said, 0.0)) > least
    assert float(loss(same._replace(outputs=[o + 0.3 for o in logits]), said, 0.0)) > least
    assert float(loss(same._replace(levels=[x + 0.1 for x in same.levels]), said, 0.0)) > least


def test_channels_of_one_range_change_no_answer():
    """Equalized, a network says the same, and its quiet channels are louder."""
    torch.manual_seed(0)
    student = Student(weights()).eval()
    student.blocks.weight.data[3] *= 0.01
    quiet = student(pixels_of(1)).outputs
    equalize(student, pixels_of(1))
    after = student(pixels_of(1)).outputs
    for one, other in zip(quiet, after, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    reach = student.blocks(pixels_of(1)).abs().amax((0, 2, 3))
    assert float(reach[3]) > 0.9 * float(reach.max())


def test_rounding_takes_255_steps_over_what_was_seen():
    """And cuts what lies beyond; before it is switched on it only watches."""
    stepped = Stepped().train()
    x = torch.linspace(-1, 4, 1001)
    assert torch.equal(stepped(x), x)
    stepped.on = True
    stepped.eval()
    said = stepped(torch.linspace(-2, 5, 1001))
    assert len(said.unique()) <= 256
    assert float(said.min()) == pytest.approx(-1, abs=0.02)
    assert float(said.max()) == pytest.approx(4, abs=0.02)


@pytest.mark.parametrize("height", [64, 48])
def test_tensorflow_computes_what_was_trained(height):
    """The paired-pixel first layer, odd grids and all, to float32 precision."""
    tf = pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    student = Student(weights()).eval()
    pixels = pixels_of(2, height)[:1]
    said = tflite_net.function(student.arrays())(tf.constant(pixels.permute(0, 2, 3, 1).numpy()))
    with torch.no_grad():
        levels = student(pixels).outputs
    cells = torch.cat([level.flatten(2) for level in levels], 2)[0].T
    np.testing.assert_allclose(said["score"][0, :, 0], torch.sigmoid(cells[:, 0]), atol=1e-4)
    np.testing.assert_allclose(said["place"][0], cells[:, 1:], atol=1e-4)


def test_a_run_learns_keeps_itself_and_goes_on(material, tmp_path):
    """An epoch changes the weights; the next run begins at the kept one's end."""
    out = tmp_path / "out"
    out.mkdir()
    make = partial(Composer, *material, SIZE)
    trainer = Trainer(TINY, weights(), make)
    before = [p.detach().clone() for p in trainer.network.parameters()]
    trainer.train(out)
    assert any(
        not torch.equal(a, b) for a, b in zip(before, trainer.network.parameters(), strict=True)
    )
    assert len((out / "curves.csv").read_text().splitlines()) == 3
    other = Trainer(TINY, weights(), make)
    other.resume(out / "checkpoint.pt")
    assert other.epoch == other.epochs == 2
    assert all(
        torch.equal(a, b)
        for a, b in zip(trainer.network.parameters(), other.network.parameters(), strict=True)
    )


def test_another_runs_folder_is_left_alone(tmp_path):
    """Other scenes are another run; more epochs are not."""
    claim(tmp_path, TINY)
    (tmp_path / "checkpoint.pt").touch()
    longer = msgspec.structs.replace(SHORT, epochs=9)
    claim(tmp_path, msgspec.structs.replace(TINY, training=longer))
    with pytest.raises(ConvertError, match="holds a run with other settings"):
        claim(tmp_path, msgspec.structs.replace(TINY, scenes=Scenes()))


@pytest.mark.parametrize("content", [b"no ZIP", None])
def test_a_zip_without_faces_is_refused(tmp_path, content):
    """In one sentence that names it."""
    path = tmp_path / "faces.zip"
    if content is None:
        zipfile.ZipFile(path, "w").close()
    else:
        path.write_bytes(content)
    with pytest.raises(ConvertError, match=r"faces\.zip"):
        Chips(path)


def test_the_shipped_settings_are_valid():
    """Every key is known."""
    path = Path(tflite_net.__file__).with_name("farface.toml")
    assert read_settings(path).name == "farface"


@pytest.mark.parametrize(
    ("text", "extra", "message"),
    [
        ("[scenes]\nfases = 1", [], "fases"),
        ("", ["--epochs", "0"], "--epochs is 0, must be 1 or more"),
        ("", [], "no.zip does not exist"),
    ],
)
def test_wrong_input_is_refused_in_a_sentence(tmp_path, capsys, text, extra, message):
    """A status, and nothing written."""
    config = tmp_path / "c.toml"
    config.write_text(text)
    arguments = ["--faces", tmp_path / "no.zip", "--backgrounds", tmp_path, "--config", config]
    arguments += ["--out", tmp_path / "out", *extra]
    assert main(["train-detector", *map(str, arguments)]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
