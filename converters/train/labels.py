"""Labelled faces in a ZIP or a folder: `images/` and a `labels.csv`."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from converters.errors import ConvertError
from edge.runtime.frame import Image

BANDS = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
"""FairFace's age bands, in years, both ends included."""
BAND_STARTS = (0, 3, 10, 20, 30, 40, 50, 60, 70)
BAND_MIDDLES = (1.0, 6.0, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 75.0)
"""The age that stands for a band, years; 75 for the open one."""
ADULT_BAND = BANDS.index("20-29")
"""The first band that counts as adult."""


@dataclass(frozen=True, slots=True)
class Label:
    """One row of labels.csv; `band` indexes BANDS, `group` is empty where there is none.

    `years` is the age where it is known to the year, `years_deviation` the standard deviation of
    several people's guesses at it (column `age_std`).
    """

    image: str
    band: int
    female: bool
    group: str
    years: float | None = None
    years_deviation: float | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """The labels of a data set, and a way to each picture's bytes."""

    labels: tuple[Label, ...]
    read: Callable[[str], bytes]

    def picture(self, label: Label) -> Image:
        """BGR uint8, height × width × 3; ConvertError where it is no readable picture."""
        pixels = cv2.imdecode(np.frombuffer(self.read(label.image), np.uint8), cv2.IMREAD_COLOR)
        if pixels is None:
            raise ConvertError(f"{label.image} is not a readable picture: take its row out")
        return np.asarray(pixels, np.uint8)


@contextmanager
def open_data(path: Path) -> Iterator[Folder]:
    """The data set at `path`, a ZIP or a folder; ConvertError names what is missing."""
    if path.is_dir():
        yield _folder(path, lambda name: (path / name).read_bytes())
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ConvertError(
            f"{path} is neither a folder nor a readable ZIP with images/ and labels.csv"
        ) from error
    with archive:
        yield _folder(path, archive.read)


def _folder(path: Path, read: Callable[[str], bytes]) -> Folder:
    def checked(name: str) -> bytes:
        try:
            return read(name)
        except (KeyError, OSError) as error:
            raise ConvertError(f"{path} has no {name}, which is needed") from error

    text = io.StringIO(checked("labels.csv").decode("utf-8-sig"))
    rows = csv.DictReader(text)
    return Folder(tuple(_label(row, rows.line_num) for row in rows), checked)


def _label(row: dict[str, str], line: int) -> Label:
    where = f"labels.csv, line {line}"
    if not row.get("image"):
        raise ConvertError(f"{where}: no `image`")
    gender = row.get("gender")
    if gender not in ("female", "male"):
        raise ConvertError(f"{where}: `gender` is {gender!r}, must be female or male")
    return Label(
        row["image"],
        _band(row, where),
        gender == "female",
        row.get("group") or "",
        _number(row, "age_years", where),
        _number(row, "age_std", where),
    )


def _number(row: dict[str, str], column: str, where: str) -> float | None:
    text = row.get(column)
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise ConvertError(f"{where}: `{column}` is {text!r}, must be a number") from error


def _band(row: dict[str, str], where: str) -> int:
    band, years = row.get("age_band"), row.get("age_years")
    if band:
        if band not in BANDS:
            raise ConvertError(
                f"{where}: `age_band` is {band!r}, must be one of {', '.join(BANDS)}"
            )
        return BANDS.index(band)
    try:
        return band_of(float(years or ""))
    except ValueError as error:
        raise ConvertError(f"{where}: needs an `age_band` or a number in `age_years`") from error


def band_of(years: float) -> int:
    """The index in BANDS of an age; ValueError for one that is negative or not a number."""
    if not years >= 0:
        raise ValueError(years)
    return int(np.searchsorted(BAND_STARTS, years, side="right")) - 1
