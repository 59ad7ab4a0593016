"""`evaluate`, `sweep`, `report` and `card`, from labelled pictures to files for a person."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile

import cv2
import numpy as np
import pytest

from converters.cli import main
from converters.evaluate.result import read_result
from edge.messages.bands import AGE_BANDS
from edge.runtime.detect import open_detector
from tests.shared import MODELS, frame_of

FACES = 6
CARDS = ("ssrnet_age_imdb", "ssrnet_gender_imdb")


@pytest.fixture(scope="session")
def labelled(tmp_path_factory, demo_clip):
    """A ZIP of pictures with one face each, and one without, labelled."""
    path = tmp_path_factory.mktemp("labelled") / "faces.zip"
    video = cv2.VideoCapture(str(demo_clip))
    detector = open_detector("far", MODELS)
    pictures: list[np.ndarray] = []
    while len(pictures) < FACES:
        there, picture = video.read()
        assert there, "the clip shows too few faces"
        if any(face.score > 0.6 for face in detector.detect(frame_of(picture))):
            pictures.append(picture)
    rows = [f"images/{n}.png,{20 + n},{2.5},female" for n in range(FACES)]
    with zipfile.ZipFile(path, "w") as archive:
        for n, picture in enumerate(pictures):
            archive.writestr(f"images/{n}.png", cv2.imencode(".png", picture)[1].tobytes())
        empty = np.full((240, 320, 3), 127, np.uint8)
        archive.writestr("images/empty.png", cv2.imencode(".png", empty)[1].tobytes())
        header = "image,age_years,age_std,gender"
        archive.writestr("labels.csv", "\n".join([header, *rows, "images/empty.png,30,2,male"]))
    return path


@pytest.fixture
def bundles(tmp_path, models):
    """A copy of the shipped bundles, free to be written."""
    folder = tmp_path / "models"
    shutil.copytree(models, folder, ignore=shutil.ignore_patterns("reports"))
    return folder


def evaluate(folder, data, *more: str) -> int:
    cards = [str(folder / f"{name}.json") for name in CARDS]
    common = ["--data", str(data), "--detector", "far", "--models", str(folder)]
    return main(["evaluate", "--model", *cards, *common, *more])


def test_an_evaluation_becomes_a_table_a_file_a_card_and_a_report(
    bundles, labelled, tmp_path, capsys
):
    """The whole way, with the device's own detector and crops."""
    pytest.importorskip("matplotlib")
    out = tmp_path / "deep" / "result.json"
    assert evaluate(bundles, labelled, "--json", str(out)) == 0
    printed = capsys.readouterr().out
    result = read_result(out)
    assert result.faces == FACES + 1
    assert result.not_found >= 1
    assert f"{result.not_found} not found" in printed
    assert result.age_target == "years"
    assert result.age["overall"].epsilon is not None
    card = bundles / f"{CARDS[0]}.json"
    assert main(["card", str(card), "--result", str(out)]) == 0
    written = json.loads(card.read_text())
    assert written["evidence"]["accuracy"]["faces"] == FACES + 1
    assert written["confusion"]["age"]["data"] == "faces.zip"
    assert main(["report", str(out), "--models", str(bundles), "--out", str(tmp_path)]) == 0
    text = (tmp_path / "result.md").read_text()
    assert "![Plots](result.png)" in text
    assert written["sha256"] in text
    assert cv2.imread(str(tmp_path / "result.png")) is not None


def test_a_report_repeats_byte_for_byte(bundles, labelled, tmp_path):
    """Plots too."""
    pytest.importorskip("matplotlib")
    out = tmp_path / "result.json"
    assert evaluate(bundles, labelled, "--json", str(out)) == 0
    made = []
    for name in ("a", "b"):
        folder = tmp_path / name
        assert main(["report", str(out), "--models", str(bundles), "--out", str(folder)]) == 0
        made.append([path.read_bytes() for path in sorted(folder.iterdir())])
    assert made[0] == made[1]


def test_a_sweep_tries_every_crop_and_can_write_the_best(bundles, labelled, capsys):
    """A table a detector, its best marked, the margin in both places of the card."""
    card = bundles / f"{CARDS[0]}.json"
    common = ["--data", str(labelled), "--detector", "far", "--models", str(bundles)]
    assert main(["sweep", "--model", str(card), *common, "--write"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("| best |") == 1
    assert "aligned" in printed
    margins = json.loads(card.read_text())["estimator"]["crop"]["margins"]
    assert "grid" in margins, "the family of the network that `far` means"
    assert main(["card", str(card)]) == 0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "has no labels.csv"),
        ("image,gender,age_years\nimages/none.png,female,30", "has no 'images/none.png'"),
        ("image,gender,age_years\nimages/0.png,woman,30", "must be female or male"),
        ("image,gender,age_years\nimages/0.png,female,old", "age_years"),
        ("image,gender,age_band\nimages/0.png,female,20-30", "must be one of"),
        ("image,gender,age_years,age_std\nimages/0.png,male,30,x", "age_std"),
        ("image,gender,age_years\nimages/text.png,male,30", "not a readable picture"),
    ],
)
def test_wrong_data_is_one_clear_sentence(bundles, tmp_path, capsys, labels, message):
    """What is wrong and where; nothing is written."""
    path = tmp_path / "data.zip"
    picture = np.zeros((8, 8, 3), np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images/0.png", cv2.imencode(".png", picture)[1].tobytes())
        archive.writestr("images/text.png", "no picture")
        if labels:
            archive.writestr("labels.csv", labels)
    out = tmp_path / "result.json"
    assert evaluate(bundles, path, "--json", str(out)) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_no_face_at_all_is_said(bundles, tmp_path, capsys):
    """Figures over nothing would be no figures."""
    path = tmp_path / "data.zip"
    picture = np.zeros((64, 64, 3), np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images/0.png", cv2.imencode(".png", picture)[1].tobytes())
        archive.writestr("labels.csv", "image,gender,age_years\nimages/0.png,male,30")
    assert evaluate(bundles, path) == 1
    assert "found none of the 1 faces" in capsys.readouterr().err


@pytest.mark.parametrize("detector", ["nothing", "ssrnet_age_imdb"])
def test_what_is_no_detector_is_refused(bundles, labelled, capsys, detector):
    """A missing model, and one of another kind."""
    cards = [str(bundles / f"{CARDS[0]}.json")]
    common = ["--data", str(labelled), "--detector", detector, "--models", str(bundles)]
    assert main(["evaluate", "--model", *cards, *common]) == 4
    assert detector in capsys.readouterr().err


def test_a_changed_network_is_not_evaluated(bundles, labelled, capsys):
    """Its bytes are checked against its card first."""
    model = bundles / f"{CARDS[0]}.tflite"
    content = bytearray(model.read_bytes())
    content[5000] ^= 1
    model.write_bytes(content)
    assert evaluate(bundles, labelled) == 4
    assert "not the one its card describes" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", "[1]", "text"])
def test_what_is_no_result_is_refused(tmp_path, capsys, content):
    """`report` and `card --result` read only what `evaluate --json` wrote."""
    path = tmp_path / "result.json"
    path.write_text(content)
    assert main(["report", str(path)]) == 1
    assert "no evaluation's result" in capsys.readouterr().err


def test_an_evaluation_of_another_network_does_not_get_into_a_card(bundles, labelled, tmp_path):
    """The networks' hashes must agree."""
    out = tmp_path / "result.json"
    assert evaluate(bundles, labelled, "--json", str(out)) == 0
    changed = json.loads(out.read_text())
    changed["models"][CARDS[0]] = "0" * 64
    out.write_text(json.dumps(changed))
    assert main(["card", str(bundles / f"{CARDS[0]}.json"), "--result", str(out)]) == 1


@pytest.mark.slow
@pytest.mark.converters
def test_arm_instructions_repeat_exactly(models, capsys):
    """The same number every run, and fewer with dot products or the same."""
    card = str(models / f"{CARDS[0]}.json")
    counts = []
    for _ in range(2):
        assert main(["profile", card]) == 0
        counts.append(capsys.readouterr().out.splitlines()[-1])
    assert counts[0] == counts[1]
    a72, a76 = map(float, counts[0].split()[1:])
    assert 0 < a76 <= a72


def test_a_missing_library_is_one_clear_sentence(tmp_path, monkeypatch, capsys, bundles, labelled):
    """The extra that brings it is named."""
    out = tmp_path / "result.json"
    assert evaluate(bundles, labelled, "--json", str(out)) == 0
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "converters.report.plots", raising=False)
    assert main(["report", str(out), "--models", str(bundles), "--out", str(tmp_path)]) == 1
    assert "agender-edge[converters]" in capsys.readouterr().err


def test_exact_ages_give_the_matrix_that_corrects_the_counted_bands(tmp_path, labelled, bundles):
    """`card --only age_published` takes that matrix along and leaves everything else as it was."""
    path, out = bundles / "ssrnet_age_imdb.json", tmp_path / "years.json"
    before = json.loads(path.read_text())
    assert evaluate(bundles, labelled, "--json", str(out)) == 0
    assert main(["card", str(path), "--result", str(out), "--only", "age_published"]) == 0
    after = json.loads(path.read_text())
    matrix = after["confusion"]["age_published"]
    assert matrix["labels"] == list(AGE_BANDS)
    assert sum(map(sum, matrix["counts"])) == FACES
    assert sum(matrix["counts"][matrix["labels"].index("18_24")]) == 5  # the labels 20 to 24
    matrices = [card["confusion"].pop("age_published", None) for card in (before, after)]
    assert matrices[0] != matrices[1]
    assert before == after
