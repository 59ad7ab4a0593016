"""`agender-convert train` from the command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from converters.cli import main
from converters.errors import ConvertError
from converters.labels import open_data
from converters.train.settings import NotFaces, Settings, read_settings
from edge.runtime.networks.card import read_card
from tests.shared import MODELS, ROOT
from tests.train.test_others import archive

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
        ("[training]\nlearning_rate = inf\n", "$.training.learning_rate"),
        ("[training]\nlearning_rate = nan\n", "$.training.learning_rate"),
        ("[data]\nchip_reach = 0.0\n", "$.data.chip_reach"),
        ("[network]\nsize = 64\nstages = []\n", "$.network.stages"),
        ("[network]\nsize = 64\nstages = [{ channels = 0 }]\n", "$.network.stages[0].channels"),
        (
            '[about]\ntraining_data_commercial = "unclear"\n',
            "'unclear' - at `$.about.training_data_commercial`, must be one of 'allowed', "
            "'forbidden', 'not stated'",
        ),
        ('name = "../mine"\n', "of letters, digits, - and _, the first a letter or a digit"),
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
    anew = msgspec.structs.replace(plain.fine_tuning, enabled=False)
    assert shipped == msgspec.structs.replace(
        plain, data=data, training=training, fine_tuning=anew, about=shipped.about
    )
    assert shipped.about.commercial_use
    assert "CC BY 4.0" in shipped.about.attribution


def test_the_second_edition_learns_the_same_and_what_is_no_face():
    """Its configuration differs in the third output, in worn faces and in crops of other things."""
    folder = ROOT / "converters" / "train"
    first = read_settings(folder / "agender_64.toml")
    second = read_settings(folder / "agender_64_face.toml")
    assert second == msgspec.structs.replace(
        first,
        name=second.name,
        network=msgspec.structs.replace(first.network, face=True),
        augment=second.augment,
        not_faces=second.not_faces,
        training=second.training,
        about=second.about,
    )
    assert second.not_faces.licences == NotFaces().licences
    assert second.about.commercial_use


def test_the_third_edition_is_the_first_with_worn_faces():
    """Its configuration differs in nothing else but the length and the pace."""
    folder = ROOT / "converters" / "train"
    first = read_settings(folder / "agender_64.toml")
    third = read_settings(folder / "agender_64_third.toml")
    assert third == msgspec.structs.replace(
        first, name=third.name, augment=third.augment, training=third.training
    )
    assert third.augment.small_worn > 0


def test_what_the_recipe_begins_with_is_the_default_by_the_other_detector():
    """models_tflite/train's first two runs: one detector's crops, the pace of random weights."""
    folder = ROOT / "converters" / "train"
    shipped = read_settings(folder / "agender_64.toml")
    data = msgspec.structs.replace(Settings().data, detector=shipped.data.also[0])
    begun = read_settings(folder / "agender_64_first.toml")
    assert begun == Settings(name=shipped.name, data=data, about=shipped.about)


@pytest.mark.parametrize("verb", ["train", "teach"])
def test_help_shows_examples(verb):
    """`--help` ends well and shows a command to copy."""
    done = command("--help", verb=verb)
    assert done.returncode == 0
    assert f"agender-convert {verb} --data" in done.stdout


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
    assert "too few to set it by" in done.stderr, "no calibration on so few faces"
    with open_data(out / "held_out.zip") as held:
        assert len(held.labels) == card["evidence"]["held_out"]["faces"] > 30
    again = command(*arguments, "--epochs", "2")
    assert "epoch 2/2" in again.stderr
    assert "epoch 1/2" not in again.stderr
    config.write_text(TINY.replace("batch = 8", "batch = 4"))
    refused = command(*arguments)
    assert refused.returncode != 0
    assert "holds a run with other settings" in refused.stderr
    config.write_text(TINY)
    lines = (faces / "labels.csv").read_text().splitlines()
    other = tmp_path / "other"
    shutil.copytree(faces, other)
    (other / "labels.csv").write_text("\n".join(lines[:-1]) + "\n")
    refused = command("--data", other, *arguments[2:])
    assert refused.returncode != 0
    assert "holds a run with other faces" in refused.stderr


@pytest.mark.slow
@pytest.mark.converters
def test_a_finished_network_is_gone_on_with_and_taken_only_where_that_helped(tmp_path, faces):
    """Both are compared on the same held-out faces; the name says the verdict, --insist decides."""
    pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    config, out = tmp_path / "run.toml", tmp_path / "out"
    config.write_text(TINY + "[fine_tuning]\nepochs = 2\npatience = 2\n")
    common = ("--data", faces, "--config", config, "--models", MODELS)
    assert command(*common, "--out", tmp_path / "first").returncode == 0
    start = ("--start", tmp_path / "first" / "tiny.tflite")
    done = command(*common, "--out", out, *start)
    better = (out / "tiny.json").exists()
    assert done.returncode == (0 if better else 1), done.stderr
    if not better:
        assert "surely" in done.stderr or "no epoch was better than" in done.stderr
    insisting = command(*common, "--out", out, *start, "--insist")
    assert insisting.returncode == 0, insisting.stderr
    assert re.search(r"gender right .* → .* between", insisting.stderr)
    card = read_card(out / "tiny.json")
    found = card.evidence["compared_with_the_start_held_out"]
    assert found["faces"] == card.evidence["held_out"]["faces"]
    assert found["age_error_years"]["low"] <= found["age_error_years"]["high"]
    assert command(*common, "--out", tmp_path / "x", "--rehearse", faces).returncode == 1


@pytest.mark.slow
@pytest.mark.converters
def test_a_network_learns_what_is_no_face_and_its_card_says_how_well(tmp_path, faces):
    """The third output, its threshold and its figures; going on gently leaves them as they are."""
    pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    config, crops = tmp_path / "run.toml", archive(tmp_path / "crops.zip")
    config.write_text(TINY.replace("size = 16", "size = 16\nface = true"))
    common = ("--data", faces, "--config", config, "--models", MODELS)
    refused = command(*common, "--out", tmp_path / "out")
    assert refused.returncode == 1
    assert "--not-faces and `face = true`" in refused.stderr
    done = command(*common, "--out", tmp_path / "out", "--not-faces", crops)
    assert done.returncode == 0, done.stderr
    card = read_card(tmp_path / "out" / "tiny.json")
    assert [output.attribute for output in card.estimating.outputs] == ["age", "gender", "face"]
    assert 0 < card.estimating.face_min < 1
    assert card.evidence["face"]["kept"]["all"]["share"] >= 0.99
    tuned = ("--start", tmp_path / "out" / "tiny.tflite", "--insist")
    config.write_text(TINY + "[fine_tuning]\nepochs = 1\n")
    again = command(*common, "--out", tmp_path / "again", *tuned)
    assert again.returncode == 0, again.stderr
    after = read_card(tmp_path / "again" / "tiny.json").estimating
    assert after.face_min == card.estimating.face_min
    assert len(after.outputs) == 3


def labelled(folder: Path, rows: list[tuple[str, str]]) -> Path:
    """A data set of one grey wall under many names, with these bands and genders."""
    (folder / "images").mkdir(parents=True)
    _, packed = cv2.imencode(".jpg", np.full((64, 64, 3), 90, np.uint8))
    lines = ["image,age_band,gender"]
    for number, row in enumerate(rows):
        (folder / "images" / f"{number}.jpg").write_bytes(packed.tobytes())
        lines.append(",".join((f"images/{number}.jpg", *row)))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


GROWN = ("20-29", "30-39", "40-49")


def crowd(faces: int, bands: tuple[str, ...], genders: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(bands[i % len(bands)], genders[i // len(bands) % len(genders)]) for i in range(faces)]


BOTH = ("female", "male")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (crowd(60, GROWN, BOTH), "there are 60 faces, at least 100 are needed"),
        (crowd(200, GROWN, BOTH[1:]), "there are 0 women of 20 and older, at least 20 are needed"),
        (crowd(200, GROWN, BOTH[:1]), "there are 0 men of 20 and older, at least 20 are needed"),
        (crowd(200, ("0-2", "3-9", "10-19"), BOTH), "there are 0 women .*there are 0 men"),
        (crowd(200, ("30-39",), BOTH), "30-39 are the age bands with 5 faces, at least 3 of"),
    ],
    ids=["few", "men alone", "women alone", "children alone", "one age"],
)
def test_what_cannot_be_learned_from_is_told_before_a_face_is_cut(tmp_path, rows, said, capsys):
    """With every lack and what would be right; nothing is written."""
    data = labelled(tmp_path / "data", rows)
    assert main(["train", "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    assert re.search(rf"data can't be learned from: .*{said}", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_pictures_without_faces_are_refused(tmp_path):
    """A folder of walls ends with one sentence and no checkpoint."""
    pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    data = labelled(tmp_path / "walls", crowd(120, GROWN, BOTH))
    config = tmp_path / "run.toml"
    config.write_text(TINY)
    done = command("--data", data, "--config", config, "--out", tmp_path / "out")
    assert done.returncode != 0
    assert "near finds no face in the pictures of" in done.stderr
    assert not (tmp_path / "out" / "checkpoint.pt").exists()
