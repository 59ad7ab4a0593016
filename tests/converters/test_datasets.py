"""`agender-convert dataset`: sets as they are published → the training layout, with the losses."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import date

import cv2
import numpy as np
import pytest

from converters.cli import main
from converters.datasets.adience import age_of
from converters.datasets.folder import judged
from converters.datasets.imdb_wiki import age_years
from converters.datasets.rows import Age
from converters.errors import ConvertError
from converters.footage import PORTRAIT
from converters.train.labels import open_data
from converters.train.settings import read_settings
from tests.converters.sets import datenum, folder_of, imdb_mat, jpeg, packed, tar_of, zip_of
from tests.shared import MODELS

FORMS = ["folder", "set.zip", "set.tar", "set.tar.gz"]


def dataset(*arguments):
    """Run the verb in this process; its status."""
    return main(["dataset", *map(str, arguments)])


def table(out):
    """labels.csv: image → its row."""
    with (out / "labels.csv").open(encoding="utf-8") as file:
        return {row["image"].removeprefix("images/"): row for row in csv.DictReader(file)}


def record(out):
    """dataset.json."""
    return json.loads((out / "dataset.json").read_text())


UTKFACE = {
    "UTKFace/25_0_2_20170116174525125.jpg.chip.jpg": jpeg(1),
    "UTKFace/1_1_0_20170109150557335.jpg.chip.jpg": jpeg(2),
    "UTKFace/116_1_4_20170120134646399.jpg.chip.jpg": jpeg(3),
    "UTKFace/24_0_1_20170116220224657 .jpg.chip.jpg": jpeg(4),
    "UTKFace/55_0_0_20170116232725357jpg.chip.jpg": jpeg(5),
    "UTKFace/39_1_20170116174525125.jpg.chip.jpg": jpeg(6),  # the group is missing
    "UTKFace/61_3_20170109150557335.jpg.chip.jpg": jpeg(7),  # the gender is missing
    "UTKFace/53__0_20170116184028385.jpg": jpeg(8),
    "UTKFace/200_0_0_20170116184028385.jpg": jpeg(9),
    "UTKFace/30_0_0_20170101000000000.jpg.chip.jpg": jpeg(1),  # a picture that is there already
    "UTKFace/31_0_0_20170101000000000.jpg.chip.jpg": jpeg(10)[:-200],
    "UTKFace/32_0_0_20170101000000000.jpg.chip.jpg": b"",
    "UTKFace/33_0_0_20170101000000000.jpg.chip.jpg": jpeg(11, side=8),
}


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
    try:
        portrait = cv2.imdecode(np.frombuffer(PORTRAIT.read(), np.uint8), cv2.IMREAD_COLOR)
    except ConvertError as error:
        pytest.skip(f"the portrait can't be had: {error}")
    faces = {
        f"35_1_0_2017010100000000{side}.jpg": cv2.imencode(
            ".jpg", cv2.resize(portrait[0:256, 96:352], (side, side))
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


@pytest.mark.parametrize(
    ("born", "taken", "years"),
    [
        (date(1970, 1, 1), 2000, 30),
        (date(1970, 7, 1), 2000, 30),  # the birthday itself
        (date(1970, 7, 2), 2000, 29),
        (date(1970, 12, 31), 2000, 29),
        (date(1968, 2, 29), 2000, 32),  # a leap day
        (date(2000, 1, 1), 2000, 0),
    ],
)
def test_an_age_counts_from_birth_to_the_middle_of_the_year(born, taken, years):
    """MATLAB's day numbers start a leap year earlier than Python's."""
    assert age_years(datenum(born), taken) == years


def test_matlabs_first_days_are_nobodys_birth():
    """The year 0 does not exist in our calendar."""
    assert datenum(date(1, 1, 1)) == 367
    assert age_years(366.0, 2000) is None
    assert age_years(-5.0, 2000) is None


def person(path, **changes):
    """A row of imdb.mat: a man of 30 with one sure face."""
    plain = {
        "dob": datenum(date(1970, 1, 1)), "photo_taken": 2000, "full_path": path, "gender": 1.0,
        "face_score": 4.5, "second_face_score": np.nan,
    }  # fmt: skip
    return plain | changes


IMDB = [
    person("00/nm1_1970-1-1_2000.jpg"),
    person("00/nm2_1970-1-1_2000.jpg", gender=0.0, face_score=3.0),
    person("01/nm3_1970-1-1_2000.jpg", face_score=2.99),
    person("01/nm4_1970-1-1_2000.jpg", face_score=-np.inf),
    person("01/nm5_1970-1-1_2000.jpg", second_face_score=1.5),
    person("01/nm6_1970-1-1_2000.jpg", gender=np.nan),
    person("01/nm7_1970-1-1_2000.jpg", photo_taken=1970),
    person("01/nm8_1970-1-1_2000.jpg", photo_taken=2071),
    person("01/nm9_1970-1-1_2000.jpg", photo_taken=2070),
    person("01/nm10_1970-1-1_2000.jpg", dob=5),
    person("01/missing.jpg"),
]


@pytest.mark.parametrize("form", ["folder", "set.tar"])
def test_imdb_wiki_is_cleaned_as_usual(tmp_path, form):
    """A sure face, no second one, gender known, 0 < age ≤ 100; from a MATLAB file as published."""
    pytest.importorskip("scipy", reason="SciPy is not installed: pip install scipy")
    files = {f"imdb_crop/{row['full_path']}": jpeg(n) for n, row in enumerate(IMDB[:-1])}
    files["imdb_crop/imdb.mat"] = imdb_mat("imdb", IMDB)
    wiki = [person("17/10000217_1981-05-05_2009.jpg", dob=datenum(date(1981, 5, 5)),
                   photo_taken=2009)]  # fmt: skip
    files |= {"wiki_crop/17/10000217_1981-05-05_2009.jpg": jpeg(99)}
    files["wiki_crop/wiki.mat"] = imdb_mat("wiki", wiki)
    assert dataset("imdb-wiki", packed(tmp_path, form, files), tmp_path / "out") == 0
    rows = table(tmp_path / "out")
    assert {name: (row["age_years"], row["gender"]) for name, row in rows.items()} == {
        "imdb/00/nm1_1970-1-1_2000.jpg": ("30", "male"),
        "imdb/00/nm2_1970-1-1_2000.jpg": ("30", "female"),
        "imdb/01/nm9_1970-1-1_2000.jpg": ("100", "male"),
        "wiki/17/10000217_1981-05-05_2009.jpg": ("28", "male"),
    }
    assert record(tmp_path / "out")["dropped"] == {
        "age not in 1..100": 2,
        "face score under 3": 1,
        "no face found": 1,
        "a second face": 1,
        "gender unknown": 1,
        "day of birth impossible": 1,
        "picture not in the set": 1,
    }


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file", b"no MATLAB file at all"])
def test_a_damaged_matlab_file_is_told(tmp_path, capsys, content):
    """In one sentence, with nothing written."""
    pytest.importorskip("scipy", reason="SciPy is not installed: pip install scipy")
    source = folder_of(tmp_path / "set", {"imdb.mat": content})
    assert dataset("imdb-wiki", source, tmp_path / "out") == 1
    assert "imdb.mat is no label file of IMDB-WIKI, or is damaged" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


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


ADIENCE_HEAD = (
    "user_id\toriginal_image\tface_id\tage\tgender\tx\ty\tdx\tdy\ttilt_ang\t"
    "fiducial_yaw_angle\tfiducial_score\n"
)


def adience_row(face, age, gender, user="30601258@N03"):
    """A line of fold_N_data.txt."""
    place = "0\t414\t1086\t1383\t-115\t30\t17"
    return f"{user}\t10399646885_67c7d20df9_o.jpg\t{face}\t{age}\t{gender}\t{place}\n"


@pytest.mark.parametrize("crop", ["coarse_tilt_aligned_face", "landmark_aligned_face"])
def test_adience_reads_folds_and_stray_ages(tmp_path, crop):
    """Bands of its own, single years, unknown genders; either of the two published crops."""
    fold0 = ADIENCE_HEAD + "".join(
        (
            adience_row(1, "(25, 32)", "f"),
            adience_row(2, "(60, 100)", "m"),
            adience_row(3, "35", "m"),
            adience_row(4, "None", "m"),
            adience_row(5, "(8, 12)", "u"),
            adience_row(6, "(0, 2)", ""),
            adience_row(7, "(4, 6)", "f"),
            adience_row(8, "(4, 6)", "f"),
        )
    )
    fold1 = ADIENCE_HEAD + adience_row(9, "(25, 23)", "m", "7153718@N04")
    frontal = ADIENCE_HEAD + adience_row(1, "(25, 32)", "f")
    user = {n: "7153718@N04" if n == 9 else "30601258@N03" for n in range(1, 10)}
    faces = tar_of(
        tmp_path / "faces.tar.gz",
        {
            f"faces/{user[n]}/{crop}.{n}.10399646885_67c7d20df9_o.jpg": jpeg(n)
            for n in range(1, 10)
            if n != 8
        },
    )
    folds = folder_of(
        tmp_path / "folds",
        {
            "fold_0_data.txt": fold0,
            "fold_1_data.txt": fold1,
            "fold_frontal_0_data.txt": frontal,
        },
    )
    assert dataset("adience", faces, folds, tmp_path / "out") == 0
    rows = {row["image"].split(".")[1]: row for row in table(tmp_path / "out").values()}
    said = {face: (r["age_years"], r["age_band"], r["split"]) for face, r in rows.items()}
    assert said == {
        "1": ("", "20-29", "0"),
        "3": ("35", "", "0"),
        "7": ("", "3-9", "0"),
        "9": ("", "20-29", "1"),
    }
    assert record(tmp_path / "out")["dropped"] == {
        "gender unknown": 2,
        "(60, 100) may be 60-69 or 70+": 1,
        "age unknown": 1,
        "picture not in the set": 1,
    }
    assert dataset("adience", faces, folds, tmp_path / "frontal", "--frontal") == 0
    assert len(table(tmp_path / "frontal")) == 1
    sixty = (tmp_path / "sixty", "--sixty-plus", "70+", "--split", "0")
    assert dataset("adience", faces, folds, *sixty) == 0
    assert record(tmp_path / "sixty")["bands"]["70+"] == 1


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("(0, 2)", Age(band="0-2")),
        ("(8, 12)", Age(band="10-19")),
        ("(15, 20)", Age(band="10-19")),
        ("(38, 43)", Age(band="40-49")),
        ("(38, 42)", Age(band="40-49")),
        ("(48, 53)", Age(band="50-59")),
        ("(27, 32)", "(27, 32) lies in two bands"),
        ("(38, 48)", Age(band="40-49")),
        ("22", Age(22.0)),
        ("(32, 25)", "age unknown"),
        ("nan", "age unknown"),
        ("", "age unknown"),
    ],
)
def test_adiences_bands_go_where_most_of_them_lies(text, age):
    """A label whose years are half in one band and half in another is none."""
    assert age_of(text) == age


@pytest.mark.parametrize(
    ("flag", "age", "deviation"), [("apparent", "5.05", "1.13"), ("real", "4", "")]
)
def test_appa_real_has_two_ages(tmp_path, flag, age, deviation):
    """The mean guess with its spread, or the truth; the cropped face rather than the picture."""
    source = folder_of(
        tmp_path / "appa-real-release",
        {
            "gt_avg_train.csv": "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
            "000000.jpg,36,5.05,1.13,4\n000001.jpg,36,20.5,3.1,19\n000002.jpg,36,x,1,19\n",
            "gt_avg_valid.csv": "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
            "004113.jpg,36,40.5,3.1,44\n",
            "allcategories_train.csv": "file,gender,race,makeup,time,happiness\n"
            "000000.jpg,female,caucasian,nomakeup,modernphoto,happy\n"
            "000002.jpg,male,caucasian,nomakeup,modernphoto,happy\n",
            "allcategories_valid.csv": "file,gender,race,makeup,time,happiness\n"
            "004113.jpg,male,asian,notclear,modernphoto,neutral\n",
            "train/000000.jpg": jpeg(0),
            "train/000000.jpg_face.jpg": jpeg(1),
            "train/000002.jpg_face.jpg": jpeg(2),
            "valid/004113.jpg": jpeg(3),
        },
    )
    assert dataset("appa-real", source, tmp_path / "out", "--age", flag) == 0
    rows = table(tmp_path / "out")
    face = rows["train/000000.jpg_face.jpg"]
    assert (face["age_years"], face["age_std"], face["gender"]) == (age, deviation, "female")
    assert rows["valid/004113.jpg"]["split"] == "valid"
    assert (tmp_path / "out" / "images/train/000000.jpg_face.jpg").read_bytes() == jpeg(1)
    assert record(tmp_path / "out")["dropped"]["gender unknown"] == 1


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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("utkface", "{set}", "{full}"), "exists and is not empty: name a new folder"),
        (("utkface", "{set}", "{file}"), "exists and is not empty: name a new folder"),
        (("utkface", "{set}", "{file}/out"), "cannot write"),
        (("utkface", "{nothing}", "{out}"), "give the set's folder, ZIP or tar"),
        (("utkface", "{empty}", "{out}"), "there are no JPEGs: UTKFace is UTKFace.tar.gz"),
        (("imdb-wiki", "{set}", "{out}"), "there is no imdb.mat or wiki.mat"),
        (("fairface", "{set}", "{out}"), "there is no table with the columns file, age, gender"),
        (("adience", "{set}", "{out}"), "there is no fold_N_data.txt"),
        (("adience", "{set}", "{out}", "--frontal"), "there is no fold_frontal_N_data.txt"),
        (("appa-real", "{set}", "{out}"), "there is no gt_avg_"),
        (("appa-real", "{ages}", "{out}"), "there is no allcategories_….csv with genders"),
        (("folder", "{empty}", "{out}"), "there is no picture"),
        (("folder", "{set}", "{out}"), "no picture of the set can be used: name without gender"),
        (("folder", "{set}", "{out}", "--pattern", "("), "--pattern is no regular expression"),
        (("folder", "{set}", "{out}", "--pattern", "x"), "needs the groups gender and age"),
        (("utkface", "{zip}", "{out}", "--link"), "is an archive, to which nothing can link"),
        (("utkface", "{cut_zip}", "{out}"), "is damaged or was not downloaded to its end"),
        (("utkface", "{cut_tar}", "{out}"), "is damaged or was not downloaded to its end"),
        (("utkface", "{crc_zip}", "{out}"), "is damaged or was not downloaded to its end"),
        (("utkface", "{dangling}", "{out}"), "cannot be read: No such file or directory"),
        (("fairface", "{set}", "{wild}", "{out}"), "is no table that can be read"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(tmp_path, capsys, arguments, sentence):
    """And nothing is written or changed."""
    places = {name: tmp_path / name for name in ("nothing", "out", "full", "file")}
    places["set"] = folder_of(tmp_path / "set", UTKFACE)
    places["full"] = folder_of(tmp_path / "full", {"mine.txt": "mine"})
    places["file"].write_bytes(b"")
    places["empty"] = tmp_path / "empty"
    places["empty"].mkdir()
    head = "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
    places["ages"] = folder_of(tmp_path / "ages", {"gt_avg_train.csv": head})
    places["zip"] = zip_of(tmp_path / "set.zip", UTKFACE)
    whole = places["zip"].read_bytes()
    places["cut_zip"] = folder_of(tmp_path, {"cut.zip": whole[:-100]}) / "cut.zip"
    changed = bytearray(whole)
    changed[100] ^= 255
    places["crc_zip"] = folder_of(tmp_path, {"crc.zip": bytes(changed)}) / "crc.zip"
    tar = tar_of(tmp_path / "set.tar.gz", UTKFACE).read_bytes()
    places["cut_tar"] = folder_of(tmp_path, {"cut.tar.gz": tar[: len(tar) // 2]}) / "cut.tar.gz"
    places["dangling"] = folder_of(tmp_path / "dangling", {})
    places["dangling"].mkdir()
    (places["dangling"] / "25_0_2_20170116174525125.jpg").symlink_to("nowhere")
    wild = 'file,age,gender,race\n"' + 200_000 * "x"
    places["wild"] = folder_of(tmp_path / "wild", {"labels.csv": wild})
    before = sorted(tmp_path.rglob("*"))
    assert dataset(*(text.format(**places) for text in arguments)) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_way_out_of_the_folder_is_not_followed(tmp_path):
    """A name with .. in an archive is no file of the set."""
    source = zip_of(tmp_path / "set.zip", UTKFACE | {"../30_0_0_20200101000000000.jpg": jpeg(50)})
    assert dataset("utkface", source, tmp_path / "out") == 0
    assert len(table(tmp_path / "out")) == 5


def started(source, out, **options):
    """The verb in a process of its own."""
    command = [sys.executable, "-m", "converters.cli", "dataset", "utkface", source, out]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def test_a_full_disk_keeps_nothing(tmp_path):
    """The sentence names the folder, and no half-written set stays."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    source = folder_of(tmp_path / "set", UTKFACE)
    process = started(source, tmp_path / "out", preexec_fn=small)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot write" in said
    assert "nothing was kept" in said
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_nothing(tmp_path, number):
    """No folder and no beginning of one."""
    pipe = tmp_path / "set" / "99_0_0_20200101000000000.jpg"
    source = folder_of(tmp_path / "set", UTKFACE)
    os.mkfifo(pipe)  # reading it waits: the run is in the middle for as long as we like
    process = started(source, tmp_path / "out")
    until_s = time.monotonic() + 30
    while not (tmp_path / ".out.part").exists() and time.monotonic() < until_s:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
