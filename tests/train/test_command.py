"""`agender-convert train` from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from converters.errors import ConvertError
from converters.train.settings import Settings, read_settings
from tests.shared import MODELS, ROOT, SHARED

TINY = """
name = "tiny"
[network]
size = 16
stages = [{ channels = 8 }, { channels = 8, blocks = 1 }]
[data]
detector = "near"
held_out = 0.5
[training]
epochs = 1
batch = 8
"""


def command(*arguments: str | Path, verb: str = "train") -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "converters.cli", verb, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[training]\nepoch = 3\n", "unknown field `epoch`"),
        ("[training]\nepochs = 0\n", "`int` >= 1 - at `$.training.epochs`"),
        ("[loss]\nmixup = 2\n", "$.loss.mixup"),
        ("[network]\nsize = 64\nstages = 3\n", "$.network.stages"),
        ("[training\n", "is not valid"),
    ],
)
def test_a_wrong_configuration_is_refused_with_the_key(tmp_path, text, said):
    """The message names the file, the key and what would be right."""
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConvertError) as caught:
        read_settings(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_configuration_is_refused(tmp_path):
    """A path that is not there is no silent default."""
    with pytest.raises(ConvertError, match="cannot read the training file"):
        read_settings(tmp_path / "gone.toml")


def test_the_shipped_configuration_is_the_default_with_a_name_and_a_licence():
    """agender_64.toml differs from the defaults in the looks, the length, and who made the data."""
    shipped = read_settings(ROOT / "converters" / "train" / "agender_64.toml")
    plain = Settings()
    data = msgspec.structs.replace(plain.data, also=shipped.data.also)
    how = shipped.training
    training = msgspec.structs.replace(
        plain.training, epochs=how.epochs, learning_rate=how.learning_rate
    )
    assert shipped == msgspec.structs.replace(
        plain, data=data, training=training, about=shipped.about
    )
    assert shipped.about.commercial_use
    assert "CC BY 4.0" in shipped.about.attribution


@pytest.mark.parametrize("verb", ["train", "teach"])
def test_help_shows_examples(verb):
    """`--help` ends well and shows a command to copy."""
    done = command("--help", verb=verb)
    assert done.returncode == 0
    assert f"agender-convert {verb} --data" in done.stdout


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    """80 labelled pictures as a folder."""
    source = SHARED / "data" / "fairface_train.zip"
    if not source.exists():
        pytest.skip(f"the labelled faces are not here: {source}")
    folder = tmp_path_factory.mktemp("faces")
    with zipfile.ZipFile(source) as archive:
        lines = archive.read("labels.csv").decode().splitlines()[:81]
        (folder / "labels.csv").write_text("\n".join(lines) + "\n")
        for line in lines[1:]:
            archive.extract(line.split(",")[0], folder)
    return folder


@pytest.mark.slow
@pytest.mark.converters
def test_trains_bundles_and_goes_on(tmp_path, faces):
    """Labelled faces in; a bundle that loads, curves and the held-out pictures out; twice."""
    pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    config, out = tmp_path / "run.toml", tmp_path / "out"
    config.write_text(TINY)
    arguments = ("--data", faces, "--config", config, "--out", out, "--models", MODELS)
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out / "tiny.json")
    card = msgspec.json.decode((out / "tiny.json").read_bytes())
    assert card["licence"]["commercial_use"] is False, "nobody said where the faces come from"
    assert card["evidence"]["runtimes"]
    with zipfile.ZipFile(out / "held_out.zip") as archive:
        rows = archive.read("labels.csv").decode().splitlines()
        assert len(rows) - 1 == len(archive.namelist()) - 1 == card["evidence"]["held_out"]["faces"]
    again = command(*arguments, "--epochs", "2")
    assert "epoch 2/2" in again.stderr
    assert "epoch 1/2" not in again.stderr
    config.write_text(TINY.replace("batch = 8", "batch = 4"))
    refused = command(*arguments)
    assert refused.returncode != 0
    assert "holds a run with other settings" in refused.stderr


def test_pictures_without_faces_are_refused(tmp_path):
    """A folder of walls ends with one sentence and no checkpoint."""
    pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    data = tmp_path / "walls"
    (data / "images").mkdir(parents=True)
    _, packed = cv2.imencode(".jpg", np.full((64, 64, 3), 90, np.uint8))
    (data / "images" / "wall.jpg").write_bytes(packed.tobytes())
    (data / "labels.csv").write_text("image,age_band,gender\nimages/wall.jpg,20-29,male\n")
    config = tmp_path / "run.toml"
    config.write_text(TINY)
    done = command("--data", data, "--config", config, "--out", tmp_path / "out")
    assert done.returncode != 0
    assert "near finds no face in the pictures of" in done.stderr
    assert not (tmp_path / "out" / "checkpoint.pt").exists()
