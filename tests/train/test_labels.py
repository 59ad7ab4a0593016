"""Reading labelled faces from a folder or a ZIP."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.errors import ConvertError
from converters.train.labels import BANDS, band_of, open_data

HEAD = "image,age_band,age_years,gender,group"


def folder(path: Path, *rows: str) -> Path:
    """A data set of one grey picture under every name used."""
    (path / "images").mkdir(parents=True)
    (path / "labels.csv").write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    _, packed = cv2.imencode(".jpg", np.full((20, 30, 3), 90, np.uint8))
    (path / "images" / "a.jpg").write_bytes(packed.tobytes())
    return path


def test_reads_bands_years_genders_and_groups(tmp_path):
    """A row may give its age as a band or in years, and its group or none."""
    data = folder(tmp_path / "d", "images/a.jpg,20-29,,female,White", "images/a.jpg,,70.5,male,")
    with open_data(data) as found:
        first, second = found.labels
        assert (BANDS[first.band], first.female, first.group) == ("20-29", True, "White")
        assert (BANDS[second.band], second.female, second.group) == ("70+", False, "")
        assert found.picture(first).shape == (20, 30, 3)


def test_a_zip_reads_as_its_folder_does(tmp_path):
    """The same files, packed, give the same labels and pixels."""
    data = folder(tmp_path / "d", "images/a.jpg,0-2,,male,Black")
    packed = tmp_path / "d.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("labels.csv", "images/a.jpg"):
            archive.write(data / name, name)
    with open_data(data) as one, open_data(packed) as two:
        assert one.labels == two.labels
        assert np.array_equal(one.picture(one.labels[0]), two.picture(two.labels[0]))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("images/a.jpg,20-29,,woman,", "line 2: `gender` is 'woman', must be female or male"),
        ("images/a.jpg,21-29,,male,", "line 2: `age_band` is '21-29', must be one of 0-2, 3-9"),
        ("images/a.jpg,,old,male,", "needs an `age_band` or a number in `age_years`"),
        ("images/a.jpg,,,male,", "needs an `age_band` or a number in `age_years`"),
        ("images/a.jpg,,-3,male,", "needs an `age_band` or a number in `age_years`"),
        (",20-29,,male,", "line 2: no `image`"),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_what_would_be_right(tmp_path, row, said):
    """One sentence names the line, the column, what is there and what may be."""
    with pytest.raises(ConvertError, match=r"labels\.csv, line 2") as caught:
        open_data(folder(tmp_path / "d", row)).__enter__()
    assert said in str(caught.value)


def test_a_missing_or_broken_picture_is_named(tmp_path):
    """The name of the picture that is not there, or is none, is in the message."""
    data = folder(tmp_path / "d", "images/gone.jpg,0-2,,male,", "images/a.jpg,0-2,,male,")
    (data / "images" / "a.jpg").write_bytes(b"no picture")
    with open_data(data) as found:
        with pytest.raises(ConvertError, match=r"has no images/gone\.jpg"):
            found.picture(found.labels[0])
        with pytest.raises(ConvertError, match=r"images/a\.jpg is not a readable picture"):
            found.picture(found.labels[1])


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off"])
def test_what_is_no_data_set_is_refused(tmp_path, content):
    """A missing, empty or truncated file is refused in one sentence."""
    path = tmp_path / "data.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConvertError, match="neither a folder nor a readable ZIP"):
        open_data(path).__enter__()


@given(st.floats(0, 120, allow_nan=False))
def test_every_age_lies_in_the_band_that_names_it(years):
    """The band's own text contains the whole years of the age."""
    low, _, high = BANDS[band_of(years)].replace("+", "-200").partition("-")
    assert int(low) <= int(years) <= int(high)


@pytest.mark.parametrize("years", [-0.1, float("nan")])
def test_what_is_no_age_has_no_band(years):
    """Negative ages and NaN are refused."""
    with pytest.raises(ValueError, match=str(years)):
        band_of(years)
