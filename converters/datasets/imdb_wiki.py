"""IMDB-WIKI: one MATLAB file that says of every picture who is on it and when it was taken.

Rothe, Timofte & Van Gool, *Deep Expectation of Real and Apparent Age* (IJCV 2018). Ages are
computed: from the day of birth to the middle of the year in which the photograph was taken.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.datasets.places import Places
from converters.datasets.rows import Age, Dropped, Labels, Row, Terms, Wishes
from converters.errors import ConvertError

TERMS = Terms(
    "IMDB-WIKI",
    "for academic research only",
    False,
    "IMDB-WIKI, R. Rothe, R. Timofte & L. Van Gool, IJCV 2018",
    "https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/",
)
WANTS = "imdb_crop.tar or wiki_crop.tar (or their folders), with imdb.mat or wiki.mat in it"
SCORE_MIN = 3.0
"""Of the face detector: below it the 'face' is often none."""
AGE_MAX_YEARS = 100
MATLAB_DAYS = 366
"""MATLAB counts days from the first of January of the year 0, a leap year; Python from year 1."""
FIELDS = ("dob", "photo_taken", "full_path", "gender", "face_score", "second_face_score")


def parse(places: Places, _wishes: Wishes) -> Labels:
    """Every picture of every .mat file."""
    found = places.files(lambda name: name in ("imdb.mat", "wiki.mat"))
    if not found:
        raise ConvertError(f"there is no imdb.mat or wiki.mat: IMDB-WIKI is {WANTS}")
    for file in found:
        kind = file.name.rpartition("/")[2].removesuffix(".mat")
        folder = file.name.rpartition("/")[0]
        for row in _rows(_table(file.read(), file.name)):
            path = row["full_path"]
            # The pictures lie beside the file, or in another archive under the same names.
            picture = places.find(f"{folder}/{path}") or places.find(path)
            yield _judged(row, picture.name if picture else path, kind)


def _table(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The columns of the structure in the file: `imdb` or `wiki`, 1 × 1, each field 1 × N."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ConvertError(
            "IMDB-WIKI's labels are a MATLAB file, which SciPy reads: pip install scipy"
        ) from error
    try:
        variables = loadmat(io.BytesIO(content))
        (structure,) = (v for k, v in variables.items() if k in ("imdb", "wiki"))
        whole = structure.reshape(-1)[0]
        table = {field: np.asarray(whole[field]).reshape(-1) for field in FIELDS}
    except Exception as error:  # SciPy raises many types of its own on a damaged file
        raise ConvertError(
            f"{name} is no label file of IMDB-WIKI, or is damaged: it must hold the structure "
            f"imdb or wiki with {', '.join(FIELDS)}"
        ) from error
    if len({len(column) for column in table.values()}) != 1:
        raise ConvertError(f"{name} is damaged: its columns have different lengths")
    return table


def _rows(table: dict[str, NDArray[Any]]) -> Iterator[dict[str, Any]]:
    for values in zip(*table.values(), strict=True):
        row = dict(zip(table, values, strict=True))
        # A cell of a cell array is an array itself.
        row["full_path"] = str(np.asarray(row["full_path"]).reshape(-1)[0])
        yield row


def _judged(row: dict[str, Any], place: str, kind: str) -> Row | Dropped:
    """The usual cleaning, in the usual order."""
    reason = _flaw(row)
    if reason:
        return Dropped(place, reason)
    years = age_years(float(row["dob"]), int(row["photo_taken"]))
    if years is None:
        return Dropped(place, "day of birth impossible")
    if not 0 < years <= AGE_MAX_YEARS:
        return Dropped(place, f"age not in 1..{AGE_MAX_YEARS}")
    return Row(place, f"{kind}/{row['full_path']}", float(row["gender"]) == 0, Age(years))


def _flaw(row: dict[str, Any]) -> str:
    score, second, gender = (
        float(row[field]) for field in ("face_score", "second_face_score", "gender")
    )
    if not math.isfinite(score):
        return "no face found"
    if score < SCORE_MIN:
        return f"face score under {SCORE_MIN:g}"
    if math.isfinite(second):
        return "a second face"
    if gender not in (0.0, 1.0):
        return "gender unknown"
    return ""


def age_years(born_datenum: float, taken_year: int) -> float | None:
    """Full years on the first of July of `taken_year`; None where nobody was born that day.

    `born_datenum` is MATLAB's: 1 is the first of January of the year 0.
    """
    try:
        born = date.fromordinal(int(born_datenum) - MATLAB_DAYS)
    except (ValueError, OverflowError):
        return None
    return float(taken_year - born.year - ((born.month, born.day) > (7, 1)))
