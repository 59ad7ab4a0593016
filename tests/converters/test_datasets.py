"""`agender-convert dataset`: sets as they are published → the training layout, with the losses."""

from __future__ import annotations

import cv2
import pytest

from converters.cli import main
from converters.datasets.folder import judged
from converters.datasets.rows import Age
from converters.footage import portrait
from converters.labels import open_data
from converters.train.settings import read_settings
from tests.converters.sets import (
    UTKFACE,
    dataset,
    folder_of,
    jpeg,
    packed,
    record,
    table,
    zip_of,
)
from tests.shared import MODELS

FORMS = ["folder", "set.zip", "set.tar", "set.tar.gz"]


@pytest.mark.parametrize("form", FORMS)
def test_utkface_reads_names_and_counts_what_it_drops(tmp_path, capsys, form):
    """Age, gender and group from the name, in any packing; malformed names and bad pictures go."""
    out = tmp_path / "out"
    assert dataset("utkface", packed(tmp_path, form, UTKFACE), out) == 0
    rows = table(out)
    asian = rows["25_0_2_20170116174525125.jpg.chip.jpg"]
    assert (asian["age_years"], asian["gender"], asian["group"]) == ("25", "male", "Asian")
    assert rows["1_1_0_20170109150557335.jpg.chip.jpg"]["gender"] == "female"
    assert record(out)["dropped"] == {
        "name without age, gender or group": 3,
        "age over 116": 1,
        "the same picture again": 1,
        "picture cut short": 1,
        "picture unreadable": 1,
        "picture under 20 pixels": 1,
    }
    said = capsys.readouterr().out
    assert f"{out}: 5 faces, 2 of women, 3 of men" in said
    assert "dropped 8 of 13" in said
    assert "        3  name without age, gender or group" in said
    assert "no commercial use" in said
    assert "no commercial use" in (out / "LICENCE.txt").read_text()
    assert record(out)["set"]["commercial_use"] is False
    assert sorted(p.name for p in (out / "images").iterdir()) == sorted(rows)
    assert {path.name for path in tmp_path.iterdir()} == {form, "out"}


def test_the_layout_is_what_training_reads(tmp_path):
    """Every label and every picture can be opened by the code of `train` and `evaluate`."""
    dataset("utkface", folder_of(tmp_path / "set", UTKFACE), tmp_path / "out")
    with open_data(tmp_path / "out") as data:
        assert sorted(label.years for label in data.labels) == [1, 24, 25, 55, 116]
        assert all(data.picture(label).shape == (48, 48, 3) for label in data.labels)


def test_evaluate_measures_on_a_converted_set(tmp_path, capsys):
    """The folder is data for `evaluate` as it is: here one public-domain portrait, three sizes."""
    faces = {
        f"35_1_0_2017010100000000{side}.jpg": cv2.imencode(
            ".jpg", cv2.resize(portrait()[0:256, 96:352], (side, side))
        )[1].tobytes()
        for side in (200, 256, 300)
    }
    assert dataset("utkface", folder_of(tmp_path / "set", faces), tmp_path / "out") == 0
    command = ["evaluate", "--model", str(MODELS / "agender_64.json"), "--models", str(MODELS)]
    assert main([*command, "--data", str(tmp_path / "out"), "--detector", "near"]) == 0
    assert "3 faces, 3 found, 0 not found" in capsys.readouterr().out


def test_the_terms_are_there_for_the_card(tmp_path):
    """about.toml is a part of a training file, which the card of the trained network repeats."""
    dataset("utkface", folder_of(tmp_path / "set", UTKFACE), tmp_path / "out")
    about = read_settings(tmp_path / "out" / "about.toml").about
    assert about.training_data.startswith("UTKFace, for non-commercial research only")
    assert about.attribution == "UTKFace, Z. Zhang, Y. Song & H. Qi, CVPR 2017"
    assert not about.commercial_use


FAIRFACE_TRAIN = """file,age,gender,race,service_test
train/1.jpg,50-59,Male,East Asian,True
train/2.jpg,more than 70,Female,Indian,False
train/3.jpg,09-Mar,Female,Black,False
train/4.jpg,Oct-19,Male,White,True
train/5.jpg,unknown,Male,White,True
train/6.jpg,20-29,Male,White,True
"""


FAIRFACE_VAL = """file,age,gender,race,service_test
val/1.jpg,0-2,Female,Latino_Hispanic,True
"""


@pytest.mark.parametrize(("split", "kept"), [((), 5), (("train",), 4), (("val",), 1)])
def test_fairface_takes_tables_beside_the_pictures(tmp_path, split, kept):
    """Pictures in a ZIP, labels in two files; bands as published or spoilt by a spreadsheet."""
    names = [f"train/{n}.jpg" for n in range(1, 6)] + ["val/1.jpg"]
    images = zip_of(tmp_path / "images.zip", {name: jpeg(n) for n, name in enumerate(names)})
    labels = folder_of(
        tmp_path / "labels",
        {"fairface_label_train.csv": FAIRFACE_TRAIN, "fairface_label_val.csv": FAIRFACE_VAL},
    )
    chosen = [word for name in split for word in ("--split", name)]
    out = tmp_path / "out"
    assert dataset("fairface", images, *sorted(labels.iterdir()), out, *chosen) == 0
    rows = table(out)
    assert len(rows) == kept
    if "train/2.jpg" in rows:
        assert [rows[f"train/{n}.jpg"]["age_band"] for n in (1, 2, 3, 4)] == [
            "50-59", "70+", "3-9", "10-19",
        ]  # fmt: skip
        assert record(out)["dropped"] == {"age band unknown": 1, "picture not in the set": 1}
    assert record(out)["set"]["commercial_use"] is True


@pytest.mark.parametrize(
    ("path", "female", "age"),
    [
        ("female/34/anna.jpg", True, Age(34.0)),
        ("34/male/0001.png", False, Age(34.0)),
        ("20-29/women/0001.png", True, Age(band="20-29")),
        ("women_70+/x.jpg", True, Age(band="70+")),
        ("men-25-29-x/1.jpg", False, Age(25.0)),
        ("boys (8y)/0001.jpg", False, Age(8.0)),
        ("34_f_0017.jpg", True, Age(34.0)),
        ("Girl 7.jpg", True, Age(7.0)),
        ("male/10-12/1.jpg", False, Age(band="10-19")),
        ("male/28-31/9999.jpg", False, None),
        ("female/anna.jpg", True, None),
        ("34/anna.jpg", None, Age(34.0)),
    ],
)
def test_a_folder_of_ones_own_is_read_by_its_words(path, female, age):
    """Folders before file names; the first word that fits."""
    assert judged(path) == (female, age)


def test_a_pattern_reads_other_names(tmp_path):
    """A regular expression of the user's, with the groups gender and age."""
    source = folder_of(tmp_path / "set", {"p1-F-a34.jpg": jpeg(1), "p2-M-a7, 8.jpg": jpeg(2),
                                          "other.jpg": jpeg(3)})  # fmt: skip
    pattern = r"-(?P<gender>[fm])-a(?P<age>\d+)"
    assert dataset("folder", source, tmp_path / "out", f"--pattern={pattern}") == 0
    rows = table(tmp_path / "out")
    assert {name: row["age_years"] for name, row in rows.items()} == {
        "p1-F-a34.jpg": "34",
        "p2-M-a7_ 8.jpg": "7",  # a comma would part the table's columns
    }


def test_links_save_the_space(tmp_path):
    """With --link each picture is the user's own file under a second name."""
    source = folder_of(tmp_path / "set", UTKFACE)
    assert dataset("utkface", source, tmp_path / "out", "--link") == 0
    name = "25_0_2_20170116174525125.jpg.chip.jpg"
    assert (tmp_path / "out" / "images" / name).samefile(source / "UTKFace" / name)
