"""Reading labelled faces from a folder or a ZIP."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.errors import ConvertError
from converters.label_table import read_table, write_table
from converters.labels import BANDS, band_of, open_data
from tests.shared import ROOT

HEAD = "image,age_band,age_years,gender,group"
_, PICTURE = cv2.imencode(".jpg", np.full((20, 30, 3), 90, np.uint8))


def folder(path: Path, *rows: str, head: str = HEAD) -> Path:
    """A data set of two grey pictures."""
    return written(path, ("\n".join([head, *rows]) + "\n").encode())


def written(path: Path, table: bytes) -> Path:
    (path / "images").mkdir(parents=True, exist_ok=True)
    (path / "labels.csv").write_bytes(table)
    for name in ("a.jpg", "b.jpg", "c, d.jpg"):
        (path / "images" / name).write_bytes(PICTURE.tobytes())
    return path


def test_reads_bands_years_genders_and_groups(tmp_path):
    """A row may give its age as a band or in years, and its group or none."""
    data = folder(tmp_path / "d", "images/a.jpg,20-29,,female,White", "images/b.jpg,,70.5,male,")
    with open_data(data) as found:
        first, second = found.labels
        assert (BANDS[first.band], first.female, first.group) == ("20-29", True, "White")
        assert (BANDS[second.band], second.female, second.group) == ("70+", False, "")
        assert found.picture(first).shape == (20, 30, 3)


def test_the_table_that_the_page_shows_is_taken(tmp_path):
    """Whoever begins with it begins with one that is right."""
    page = (ROOT / "converters" / "TRAINING.md").read_text("utf-8")
    head, *rows = re.search(r"^image,.*?(?=\n```)", page, re.DOTALL | re.MULTILINE)[0].splitlines()
    data = folder(tmp_path / "d", *rows, head=head)
    for row in rows:
        (data / row.partition(",")[0]).write_bytes(PICTURE.tobytes())
    with open_data(data) as found:
        assert len(found.labels) == len(rows) == 2


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
    "table",
    [
        b"image,gender,age_band,group\nimages/a.jpg,female,20-29,\nimages/b.jpg,male,30-39,x\n",
        b'"image","gender","age_band"\n"images/a.jpg","female","20-29"\n'
        b'"images/b.jpg","male","30-39"\n',
        b"image;gender;age_band\r\nimages/a.jpg;female;20-29\r\nimages/b.jpg;male;30-39\r\n",
        b"image\tgender\tage_band\nimages/a.jpg\tfemale\t20-29\nimages/b.jpg\tmale\t30-39",
        b"image|gender|age_band\nimages/a.jpg|female|20-29\n\n\nimages/b.jpg|male|30-39\n",
        b"\xef\xbb\xbfImage , Gender, Age_Band\nimages/a.jpg, Female , 20-29\n"
        b"images/b.jpg,MALE,30\xe2\x80\x9339\n",
        "image\tgender\tage_band\nimages/a.jpg\tfemale\t20-29\nimages/b.jpg\tmale\t30-39".encode(
            "utf-16"
        ),
        b'group,image,gender,age_years\n"a, or\nb",images/a.jpg,female,25\n'
        b'"say ""hi""",images/b.jpg,male,35\n',
    ],
    ids=["plain", "quoted", "semicolons", "tabs", "bars", "spreadsheet", "UTF-16", "line ends"],
)
def test_a_table_is_read_however_a_spreadsheet_wrote_it(tmp_path, table):
    """Separators, quotes, marks, line ends, blanks and capitals of several programs."""
    with open_data(written(tmp_path / "d", table)) as found:
        assert [(one.image, BANDS[one.band], one.female) for one in found.labels] == [
            ("images/a.jpg", "20-29", True),
            ("images/b.jpg", "30-39", False),
        ]


def test_a_name_with_a_comma_survives_being_read_and_written(tmp_path):
    """Quotes where they are needed, and the same rows again."""
    table = b'image;gender;age_band\n"images/c, d.jpg";female;20-29\n'
    with open_data(written(tmp_path / "d", table)) as found:
        again = write_table(found.table.header, found.table.rows).encode()
    assert again == b'image,gender,age_band\n"images/c, d.jpg",female,20-29\n'
    assert [dict(row.values) for row in read_table(again, "x").rows] == [
        {"image": "images/c, d.jpg", "gender": "female", "age_band": "20-29"}
    ]


def test_a_row_says_who_it_is_and_where_it_stands(tmp_path):
    """A person may have several pictures; lines are counted as an editor counts them."""
    head = "image,gender,age_years,person"
    data = folder(tmp_path / "d", 'images/a.jpg,male,30,"Jo\n1"', "images/b.jpg,male,31,Jo2",
                  head=head)  # fmt: skip
    with open_data(data) as found:
        assert [(one.person, one.line) for one in found.labels] == [("Jo\n1", 2), ("Jo2", 4)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("images/a.jpg,20-29,,woman,", "column `gender`: is 'woman', must be female or male"),
        ("images/a.jpg,21-29,,male,", "column `age_band`: is '21-29', must be one of 0-2, 3-9"),
        ("images/a.jpg,,old,male,", "column `age_years`: is 'old', must be a number from 0 to 122"),
        ("images/a.jpg,,inf,male,", "column `age_years`: is 'inf', must be a number from 0 to 122"),
        ("images/a.jpg,,123,male,", "column `age_years`: is '123', must be a number"),
        ("images/a.jpg,,-3,male,", "column `age_years`: is '-3', must be a number from 0 to 122"),
        ("images/a.jpg,,,male,", "column `age_band`: is empty, and so is `age_years`"),
        ("images/a.jpg,20-29,31,male,", "column `age_band`: is 20-29, but `age_years` is 31"),
        (",20-29,,male,", "column `image`: is empty, must be a picture's name"),
        ("images/gone.jpg,20-29,,male,", "column `image`: .* has no 'images/gone.jpg'"),
        (f"images/{'9' * 5000}.jpg,20-29,,male,", "column `image`: .* has no 'images/9{73}…'$"),
        (f"images/a.jpg,20-29,,{'m' * 900},", "is 'm{80}…', must be female or male"),
        ("../../etc/passwd,20-29,,male,", "column `image`: .* lies outside of the data"),
        ("/etc/passwd,20-29,,male,", "column `image`: .* lies outside of the data"),
        ("images/../../x.jpg,20-29,,male,", "column `image`: .* lies outside of the data"),
        ("images\\a.jpg,20-29,,male,", "column `image`: .* write / between folders"),
        ("images/a.jpg,20-29,,male,x,y", "has 6 fields, but the header names 5 columns"),
        ('images/a.jpg,20-29,,male,"x', "cannot be read as a table .* is a quote missing"),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_what_would_be_right(tmp_path, row, said):
    """One sentence names the file, the line, the column, what is there and what may be."""
    with pytest.raises(ConvertError, match=rf"^labels\.csv, line 2.*{said}"):
        open_data(folder(tmp_path / "d", row)).__enter__()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("file,age_band,gender", "no column `image`; it has `file`, .*: rename `file` to `image`"),
        ("image,age_band,sex", "no column `gender`; .*: rename `sex` to `gender`"),
        (
            "image,age,gender",
            "no column `age_band` or `age_years`; .*: rename `age` to `age_years`",
        ),
        ("image,gendre,age_years", "rename `gendre` to `gender`"),
        (
            "image,gender,group",
            "no column `age_band` or `age_years`; .*as in image,age_band,gender",
        ),
        ("image,gender,age_band,gender", "names the column `gender` twice"),
        (
            "images/a.jpg,20-29,male",
            "no column `image`; .*: the first line has to name the columns",
        ),
        ("", "no column `image`; it has none"),
    ],
)
def test_a_header_that_names_other_columns_is_told_which_to_rename(tmp_path, head, said):
    """On line 1, with what it has."""
    with pytest.raises(ConvertError, match=rf"^labels\.csv, line 1: .*{said}"):
        open_data(folder(tmp_path / "d", "", head=head)).__enter__()


def test_a_table_without_a_row_is_told(tmp_path):
    """A header is no data."""
    with pytest.raises(ConvertError, match="holds no face"):
        open_data(folder(tmp_path / "d")).__enter__()


def test_a_picture_named_twice_is_told_with_both_lines(tmp_path):
    """It would be learned from and judged by at once."""
    row = "images/a.jpg,20-29,,male,"
    with pytest.raises(ConvertError, match=r"line 4, .*images/a\.jpg is named on line 2 already"):
        open_data(folder(tmp_path / "d", row, "images/b.jpg,20-29,,male,", row)).__enter__()


def test_how_many_lines_are_wrong_is_told_with_the_first(tmp_path):
    """So that nobody mends one line at a time."""
    rows = [f"images/{number}.jpg,20-29,,x," for number in range(7)]
    with pytest.raises(ConvertError, match=r"line 2, .*\(6 more lines are wrong\)"):
        open_data(folder(tmp_path / "d", *rows)).__enter__()


def test_a_table_in_another_encoding_is_told_with_its_line(tmp_path):
    """As spreadsheets save it where nobody asks for UTF-8."""
    table = f"{HEAD}\nimages/a.jpg,20-29,,male,\nimages/ä.jpg,20-29,,male,".encode("cp1252")
    with pytest.raises(ConvertError, match="line 3: is no UTF-8: save the table as `CSV UTF-8`"):
        open_data(written(tmp_path / "d", table)).__enter__()


def test_a_broken_picture_is_named_with_its_line(tmp_path):
    """The name of the picture that is none is in the message."""
    data = folder(tmp_path / "d", "images/b.jpg,0-2,,male,", "images/a.jpg,0-2,,male,")
    for content in (b"no picture", b""):
        (data / "images" / "a.jpg").write_bytes(content)
        with (
            open_data(data) as found,
            pytest.raises(ConvertError, match=r"line 3, .*images/a\.jpg is not a readable picture"),
        ):
            found.picture(found.labels[1])


FIELD = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["images/a.jpg", "images/b.jpg", "female", "male", "20-29", "34", "1e400",
                     "nan", "../a", '"', '""', ";", ",", "\t", "\r", "\n", "image", "gender"]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(FIELD, max_size=6), max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    st.booleans(),
)
def test_no_table_gets_further_than_a_sentence_or_its_rows(
    tmp_path_factory, rows, mark, code, head
):
    """Any fields under any header, in any encoding: refused in one sentence, or read."""
    lines = [mark.join(fields) for fields in rows]
    text = "\n".join(([f"image{mark}gender{mark}age_years"] if head else []) + lines)
    data = tmp_path_factory.getbasetemp() / "fuzzed"
    written(data, text.encode(code, "replace"))
    _read_or_refused(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_get_further_than_a_sentence(tmp_path_factory, content):
    """Whatever lies in labels.csv."""
    data = tmp_path_factory.getbasetemp() / "fuzzed"
    for table in (content, HEAD.encode() + b"\n" + content):
        written(data, table)
        _read_or_refused(data)


def _read_or_refused(data: Path) -> None:
    try:
        with open_data(data) as found:
            names = [one.image for one in found.labels]
    except ConvertError as error:
        assert str(error).startswith("labels.csv")
        return
    assert len(set(names)) == len(names) > 0
    assert all((data / name).resolve().is_relative_to(data.resolve()) for name in names)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), min_size=1, max_size=5),
       st.sampled_from(",;\t|"))  # fmt: skip
def test_what_the_csv_module_writes_is_read_back(pairs, separator):
    """Any text in any field, by any of the separators."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=separator)
    table.writerow(["image", "gender", "age_band", "group", "person"])
    table.writerows([["a.jpg", "male", "0-2", *pair] for pair in pairs])
    read = read_table(text.getvalue().encode("utf-8", "surrogatepass"), "x").rows
    assert [(row["group"], row["person"]) for row in read] == [
        (one.strip(), other.strip()) for one, other in pairs
    ]


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
