"""Labelled faces in a ZIP or a folder: `images/` and a `labels.csv`."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from converters.errors import ConvertError
from converters.label_table import Row, Table, read_table
from edge.runtime.frame import Image

BANDS = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
"""FairFace's age bands, in years, both ends included."""
BAND_STARTS = (0, 3, 10, 20, 30, 40, 50, 60, 70)
BAND_MIDDLES = (1.0, 6.0, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 75.0)
"""The age that stands for a band, years; 75 for the open one."""
AGE_MOST_YEARS = 122.0
"""Nobody was ever older."""
ADULT_BAND = BANDS.index("20-29")
"""The first band that counts as adult."""


@dataclass(frozen=True, slots=True)
class Label:
    """One row of labels.csv; `band` indexes BANDS, `group` is empty where there is none.

    `years` is the age where it is known to the year, `years_deviation` the standard deviation of
    several people's guesses at it (column `age_std`). `person`: whoever has the same is the same
    person, so that no one is both trained on and held out. `line`: where the row stands.
    """

    image: str
    band: int
    female: bool
    group: str
    years: float | None = None
    years_deviation: float | None = None
    person: str = ""
    line: int = 0


NO_TABLE = Table((), ())


@dataclass(frozen=True, slots=True)
class Folder:
    """The labels of a data set, the table they come from, and a way to each picture's bytes."""

    labels: tuple[Label, ...]
    read: Callable[[str], bytes]
    table: Table = NO_TABLE

    def picture(self, label: Label) -> Image:
        """BGR uint8, height × width × 3; ConvertError where it is no readable picture."""
        content = np.frombuffer(self.read(label.image), np.uint8)
        pixels = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
        if pixels is None:
            raise ConvertError(
                f"labels.csv, line {label.line}, column `image`: {label.image} is not a readable "
                "picture: take its row out"
            )
        return np.asarray(pixels, np.uint8)


@contextmanager
def open_data(path: Path) -> Iterator[Folder]:
    """The data set at `path`, a ZIP or a folder; ConvertError names what is missing or wrong."""
    if path.is_dir():
        yield _folder(path, lambda name: (path / name).read_bytes(), partial(_holds, path))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ConvertError(
            f"{path} is neither a folder nor a readable ZIP with images/ and labels.csv"
        ) from error
    with archive:
        yield _folder(path, archive.read, set(archive.namelist()).__contains__)


def _holds(path: Path, name: str) -> bool:
    """Whether the folder has the file; a name longer than any may be is that of none."""
    try:
        return (path / name).is_file()
    except OSError:
        return False


def _folder(path: Path, read: Callable[[str], bytes], there: Callable[[str], bool]) -> Folder:
    def checked(name: str) -> bytes:
        try:
            return read(name)
        except (KeyError, OSError) as error:
            raise ConvertError(f"{path} has no {name}, which is needed") from error
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
            raise ConvertError(f"{name} in {path} cannot be read: {error}") from error

    table = read_table(checked("labels.csv"), "labels.csv")
    return Folder(tuple(_labels(table.rows, path, there)), checked, table)


def _labels(rows: Iterable[Row], path: Path, there: Callable[[str], bool]) -> list[Label]:
    """A label for each row; ConvertError for the first that is wrong, saying how many more are."""
    found: list[Label] = []
    faults: list[ConvertError] = []
    lines: dict[str, int] = {}
    for row in rows:
        try:
            label = _label(row)
            if label.image in lines:
                where = f"is named on line {lines[label.image]} already: one row for each picture"
                raise row.fault("image", f"{label.image} {where}")
            lines[label.image] = row.line
            if not there(label.image):
                raise row.fault("image", f"{path} has no {row.shown('image')}")
            found.append(label)
        except ConvertError as error:
            faults.append(error)
    if faults:
        more = f" ({len(faults) - 1} more lines are wrong)" if len(faults) > 1 else ""
        raise ConvertError(f"{faults[0]}{more}")
    return found


def _label(row: Row) -> Label:
    gender = row["gender"].lower()
    if gender not in ("female", "male"):
        raise row.fault("gender", f"is {row.shown('gender')}, must be female or male")
    years = _number(row, "age_years", AGE_MOST_YEARS)
    return Label(
        _image(row),
        _band(row, years),
        gender == "female",
        row["group"],
        years,
        _number(row, "age_std", AGE_MOST_YEARS),
        row["person"],
        row.line,
    )


def _image(row: Row) -> str:
    """The picture's name; ConvertError for one that leads out of the data set."""
    name = row["image"]
    if not name:
        raise row.fault("image", "is empty, must be a picture's name, as in images/0001.jpg")
    if "\\" in name:
        raise row.fault("image", f"is {row.shown('image')}: write / between folders and file")
    if name.startswith("/") or ".." in PurePosixPath(name).parts or "\0" in name:
        said = f"is {row.shown('image')}, which lies outside of the data: name a file in it"
        raise row.fault("image", said)
    return name


def _number(row: Row, column: str, most: float) -> float | None:
    text = row[column]
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or not 0 <= value <= most:
        raise row.fault(column, f"is {row.shown(column)}, must be a number from 0 to {most:g}")
    return value


def _band(row: Row, years: float | None) -> int:
    band = row["age_band"].replace("–", "-")  # a spreadsheet's own idea of a dash
    if not band:
        if years is None:
            raise row.fault("age_band", "is empty, and so is `age_years`: one of them is needed")
        return band_of(years)
    if band not in BANDS:
        raise row.fault(
            "age_band", f"is {row.shown('age_band')}, must be one of {', '.join(BANDS)}"
        )
    if years is not None and band_of(years) != BANDS.index(band):
        raise row.fault("age_band", f"is {band}, but `age_years` is {row['age_years']}")
    return BANDS.index(band)


def band_of(years: float) -> int:
    """The index in BANDS of an age; ValueError for one that is negative or not a number."""
    if not years >= 0:
        raise ValueError(years)
    return int(np.searchsorted(BAND_STARTS, years, side="right")) - 1
