"""Adience: five folds of tab-separated tables; ages are bands of its own, and stray single years.

Eidinger, Enbar & Hassner, *Age and Gender Estimation of Unfiltered Faces* (IEEE TIFS 2014).
"""

from __future__ import annotations

import re

from converters.datasets.places import Found, Places
from converters.datasets.rows import (
    Age,
    Dropped,
    Labels,
    Row,
    Terms,
    Wishes,
    age_in_range,
    band_holding,
    open_ended,
)
from converters.datasets.tables import chosen, rows_of, tables_with
from converters.errors import ConvertError

TERMS = Terms(
    "Adience",
    "for research; the pictures are under Creative Commons licences of their owners",
    False,
    "Adience, E. Eidinger, R. Enbar & T. Hassner, IEEE TIFS 2014",
    "https://talhassner.github.io/home/projects/Adience/Adience-data.html",
)
WANTS = "faces.tar.gz or aligned.tar.gz (or their folders), and fold_0_data.txt … fold_4_data.txt"
COLUMNS = ("user_id", "original_image", "face_id", "age", "gender")
CROPS = ("coarse_tilt_aligned_face", "landmark_aligned_face")
"""How faces.tar.gz and aligned.tar.gz call their files."""
_FOLD = re.compile(r"fold_(frontal_)?(\d)_data")
_BAND = re.compile(r"\((\d+),? +(\d+)\)")
_MISPRINTS = {"(25 23)": "(25, 32)", "(25, 23)": "(25, 32)"}


def parse(places: Places, wishes: Wishes) -> Labels:
    """Every row of every fold, of the frontal ones if wished. A fold's number is its split."""
    tables = [
        (found, table)
        for table in tables_with(places, ".txt", COLUMNS, "\t")
        if (found := _FOLD.search(table.name)) and bool(found[1]) == wishes.frontal
    ]
    if not tables:
        kind = "fold_frontal_N_data.txt" if wishes.frontal else "fold_N_data.txt"
        raise ConvertError(f"there is no {kind}: Adience is {WANTS}")
    for found, table in tables:
        if chosen(found[2], wishes.splits):
            for row in rows_of(table, "\t"):
                yield _judged(row, places, found[2], wishes.sixty_plus)


def _judged(row: dict[str, str], places: Places, split: str, sixty_plus: str) -> Row | Dropped:
    name = f"{row['user_id']}/*.{row['face_id']}.{row['original_image']}"
    if row["gender"] not in ("f", "m"):
        return Dropped(name, "gender unknown")
    age = age_of(row["age"], sixty_plus)
    if isinstance(age, str):
        return Dropped(name, age)
    file = _file(row, places)
    if file is None:
        return Dropped(name, "picture not in the set")
    image = f"{row['user_id']}/{file.name.rpartition('/')[2]}"
    return Row(file.name, image, row["gender"] == "f", age, split=split)


def _file(row: dict[str, str], places: Places) -> Found | None:
    tails = (f"{row['user_id']}/{crop}.{row['face_id']}.{row['original_image']}" for crop in CROPS)
    return next((file for tail in tails if (file := places.find(tail))), None)


def age_of(text: str, sixty_plus: str = "") -> Age | str:
    """'(25, 32)' → the band that holds most of it; '35' → that age; else the reason why not.

    `sixty_plus` is the band to take for (60, 100), which does not say whether 60-69 or 70+.
    """
    text = _MISPRINTS.get(text, text)
    band = _BAND.fullmatch(text)
    if band is None:
        years = age_in_range(text)
        return "age unknown" if years is None else Age(years)
    first, last = int(band[1]), int(band[2])
    if not first <= last <= 100:
        return "age unknown"
    if open_ended(first, last):
        return Age(band=sixty_plus) if sixty_plus else f"{text} may be 60-69 or 70+"
    held = band_holding(first, last)
    return Age(band=held) if held else f"{text} lies in two bands"
