"""`agender-convert dataset`: the sets whose labels are computed, or need a mind of their own."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from converters.datasets.adience import age_of
from converters.datasets.imdb_wiki import age_years
from converters.datasets.rows import Age
from tests.converters.sets import (
    dataset,
    datenum,
    folder_of,
    imdb_mat,
    jpeg,
    packed,
    record,
    table,
    tar_of,
)


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


ADIENCE_HEAD = (
    "user_id\toriginal_image\tface_id\tage\tgender\tx\ty\tdx\tdy\ttilt_ang\t"
    "fiducial_yaw_angle\tfiducial_score\n"
)


def adience_row(face, age, gender, user="30601258@N03"):
    """A line of fold_N_data.txt."""
    place = "0\t414\t1086\t1383\t-115\t30\t17"
    return f"{user}\t10399646885_67c7d20df9_o.jpg\t{face}\t{age}\t{gender}\t{place}\n"


FOLDS = {
    "fold_0_data.txt": ADIENCE_HEAD
    + adience_row(1, "(25, 32)", "f")
    + adience_row(2, "(60, 100)", "m")
    + adience_row(3, "35", "m")
    + adience_row(4, "None", "m")
    + adience_row(5, "(8, 12)", "u")
    + adience_row(6, "(0, 2)", "")
    + adience_row(7, "(4, 6)", "f")
    + adience_row(8, "(4, 6)", "f"),
    "fold_1_data.txt": ADIENCE_HEAD + adience_row(9, "(25, 23)", "m", "7153718@N04"),
    "fold_frontal_0_data.txt": ADIENCE_HEAD + adience_row(1, "(25, 32)", "f"),
}


@pytest.fixture(params=["coarse_tilt_aligned_face", "landmark_aligned_face"])
def adience(request, tmp_path):
    """The faces but the eighth, in either of the two published crops, and the folds."""
    user = {n: "7153718@N04" if n == 9 else "30601258@N03" for n in range(1, 10)}
    name = "10399646885_67c7d20df9_o.jpg"
    faces = {f"faces/{user[n]}/{request.param}.{n}.{name}": jpeg(n) for n in user if n != 8}
    return tar_of(tmp_path / "faces.tar.gz", faces), folder_of(tmp_path / "folds", FOLDS)


def test_adience_reads_folds_and_stray_ages(tmp_path, adience):
    """Bands of its own, single years, a misprinted band; what is unknown is dropped."""
    assert dataset("adience", *adience, tmp_path / "out") == 0
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


def test_adiences_parts_can_be_chosen(tmp_path, adience):
    """The frontal faces; one fold, with its oldest counted as one of our bands."""
    assert dataset("adience", *adience, tmp_path / "frontal", "--frontal") == 0
    assert len(table(tmp_path / "frontal")) == 1
    sixty = (tmp_path / "sixty", "--sixty-plus", "70+", "--split", "0")
    assert dataset("adience", *adience, *sixty) == 0
    assert record(tmp_path / "sixty")["bands"] == {"3-9": 1, "20-29": 1, "30-39": 1, "70+": 1}


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
