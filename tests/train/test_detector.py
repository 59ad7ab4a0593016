"""The face detector's training: scenes, targets, one step, and the same numbers in TensorFlow."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.cli import main
from converters.detect_train import tflite_net
from converters.detect_train.chips import Chips
from converters.detect_train.job import claim
from converters.detect_train.loop import Trainer
from converters.detect_train.pictures import Pictures
from converters.detect_train.scenes import Composer, Scene, Scenes
from converters.detect_train.settings import Settings, Training, read_settings
from converters.detect_train.spec import OUTPUTS, STRIDES, Level, Network
from converters.detect_train.targets import RANGES_PX, encode
from converters.detect_train.torch_net import FaceNet
from converters.errors import ConvertError
from edge.runtime import card as cards
from edge.runtime.detect import farface

SMALL = Network(4, 4, (Level(8, 1), Level(8, 1, 4), Level(8, 1, 4)), 8, 8)
SIZE = Scenes(width=96, height=64)
TINY = Settings(
    network=SMALL, scenes=SIZE, training=Training(epochs=1, scenes=4, repeats=2, batch=4)
)


@pytest.fixture
def material(tmp_path: Path) -> tuple[Chips, Pictures]:
    """Two coloured squares as faces, one gradient as a photograph."""
    box, points = np.array([[20.0, 10, 100, 110]] * 2), np.full((2, 5, 2), 60.0)
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for number in range(2):
            picture = np.full((128, 128, 3), 60 + 90 * number, np.uint8)
            archive.writestr(f"{number}.jpg", cv2.imencode(".jpg", picture)[1].tobytes())
    folder = tmp_path / "photographs"
    folder.mkdir()
    slope = np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 300, 3))
    cv2.imwrite(str(folder / "slope.png"), slope)
    chips = Chips(tmp_path / "faces.zip", np.array(["0.jpg", "1.jpg"]), box, points)
    return chips, Pictures(folder)


def scene_of(box: tuple[float, ...], *, ignored: bool = False) -> Scene:
    """An empty 320 × 256 picture with one face, its points at the box's centre and corners."""
    left, top, right, bottom = box
    five = [(left, top), (right, top), ((left + right) / 2, (top + bottom) / 2)]
    five += [(left, bottom), (right, bottom)]
    picture = np.zeros((256, 320, 3), np.uint8)
    return Scene(
        picture, np.array([box], np.float32), np.array([five], np.float32), np.array([ignored])
    )


def test_the_same_seed_makes_the_same_scenes(material):
    """And another seed makes others."""
    first, again, other = (Composer(*material, SIZE, seed) for seed in (1, 1, 2))
    scenes = [(first.scene(), again.scene(), other.scene()) for _ in range(12)]
    assert all(np.array_equal(a.picture, b.picture) for a, b, _ in scenes)
    assert all(np.array_equal(a.boxes, b.boxes) for a, b, _ in scenes)
    assert not all(np.array_equal(a.picture, c.picture) for a, _, c in scenes)


@pytest.mark.parametrize(
    ("size", "strides"), [(10, {8}), (28, {8, 16}), (50, {16}), (64, {16, 32}), (120, {32})]
)
def test_a_face_is_asked_of_the_strides_whose_range_holds_it(size, strides):
    """Ranges overlap, so that no size falls between two."""
    targets = encode(scene_of((100, 100, 100 + size, 100 + size)))
    asked = {s for s, t in zip(STRIDES, targets, strict=True) if (t.score == 1).any()}
    assert asked == strides
    assert all(least < size < most for s, (least, most) in RANGES_PX.items() if s in strides)


def test_a_hidden_face_is_neither_asked_for_nor_denied():
    """Its cells are ignored, the rest of the picture is background."""
    target = encode(scene_of((100, 100, 120, 120), ignored=True))[0]
    assert not (target.score == 1).any()
    assert (target.score == -1).any()
    assert (target.score == 0).mean() > 0.9


@pytest.mark.parametrize("box", [(101.0, 83.0, 121.0, 108.0), (50.0, 60.0, 170.0, 200.0)])
def test_the_device_decodes_what_training_asks_for(box):
    """The targets, given as a network's answer, are the box and the points again."""
    outputs, places = [], {}
    for stride, target in zip(STRIDES, encode(scene_of(box)), strict=True):
        logits = np.where(target.score == 1, 5.0, -9.0).astype(np.float32)[..., None]
        parts = (logits, target.values[..., :4], target.values[..., 4:])
        for name, part in zip(OUTPUTS, parts, strict=True):
            places[f"{name}_{stride}"] = len(outputs)
            outputs.append(part[None])
    found = farface.decode(outputs, card_of(places))
    assert len(found.scores) >= 1
    np.testing.assert_allclose(found.boxes[0], box, atol=1e-3)
    left, top, right, bottom = box
    np.testing.assert_allclose(found.keypoints[0, :2], [(left, top), (right, top)], atol=1e-3)
    np.testing.assert_allclose(found.keypoints[0, 3], ((left + right) / 2, bottom), atol=1e-3)


def card_of(places: dict[str, int]) -> cards.Card:
    """A card of the family, for its decoder."""
    return cards.Card(
        name="tiny",
        description="",
        licence=cards.Licence("", "", "", False),
        task="detect",
        bytes=1,
        sha256="",
        quantization="float32",
        input=cards.Input(320, 256, "rgb"),
        detector=cards.Detector(
            family="farface", score_min=0.5, score_low=0.3, strides=STRIDES, tensors=places
        ),
        source=cards.Source("", ""),
    )


@pytest.mark.parametrize("height", [64, 48])
def test_tensorflow_computes_what_was_trained(height):
    """The paired-pixel first layer, odd grids and all, to float32 precision."""
    tf = pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    torch.manual_seed(0)
    network = FaceNet(SMALL)
    network.train()
    for _ in range(10):
        network(torch.rand(4, 3, 64, 96))
    network.eval()
    pixels = np.random.default_rng(0).integers(0, 256, (1, height, 96, 3)).astype(np.float32)
    said = tflite_net.function(SMALL, network.folded())(tf.constant(pixels))
    with torch.no_grad():
        expected = network(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255)
    for stride, level in zip(STRIDES, expected, strict=True):
        for name, part in zip(OUTPUTS, level, strict=True):
            values = part.permute(0, 2, 3, 1).numpy()
            np.testing.assert_allclose(said[f"{name}_{stride}"].numpy(), values, atol=1e-4)


def test_a_run_learns_keeps_itself_and_goes_on(material, tmp_path):
    """An epoch changes the weights; the next run begins at the kept one's end."""
    out = tmp_path / "out"
    out.mkdir()
    trainer = Trainer(TINY, lambda seed: Composer(*material, SIZE, seed))
    before = [p.detach().clone() for p in trainer.network.parameters()]
    trainer.train(out)
    assert any(
        not torch.equal(a, b) for a, b in zip(before, trainer.network.parameters(), strict=True)
    )
    assert len((out / "curves.csv").read_text().splitlines()) == 2
    other = Trainer(TINY, lambda seed: Composer(*material, SIZE, seed))
    other.resume(out / "checkpoint.pt")
    assert (other.epoch, other.step) == (1, 2)
    other.train(out)
    assert other.step == 2


def test_another_runs_folder_is_left_alone(tmp_path):
    """Other scenes are another run; more epochs are not."""
    claim(tmp_path, TINY)
    (tmp_path / "checkpoint.pt").touch()
    longer = msgspec.structs.replace(
        TINY, training=Training(epochs=9, scenes=4, repeats=2, batch=4)
    )
    claim(tmp_path, longer)
    with pytest.raises(ConvertError, match="holds a run with other settings"):
        claim(tmp_path, msgspec.structs.replace(TINY, scenes=Scenes()))


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
