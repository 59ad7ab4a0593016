"""APPA-REAL: real ages and the mean of some forty people's guesses at them.

Agustsson et al., *Apparent and Real Age Estimation in Still Images* (FG 2017). Genders were
published afterwards, as allcategories_….csv.
"""

from __future__ import annotations

import re

from converters.datasets.places import Places
from converters.datasets.rows import Age, Dropped, Labels, Row, Terms, Wishes, age_in_range
from converters.datasets.tables import chosen, rows_of, tables_with
from converters.errors import ConvertError

TERMS = Terms(
    "APPA-REAL",
    "for research; see the set's page",
    False,
    "APPA-REAL, E. Agustsson et al., FG 2017",
    "https://chalearnlap.cvc.uab.cat/dataset/26/description/",
)
WANTS = (
    "appa-real-release.zip (or its folder) with gt_avg_train.csv, gt_avg_valid.csv and "
    "gt_avg_test.csv, and the genders: allcategories_train.csv, …_valid.csv, …_test.csv"
)
AGES = ("file_name", "apparent_age_avg", "apparent_age_std", "real_age")
GENDERS = ("file", "gender")
_SPLIT = re.compile(r"(train|valid|test)\.csv$")


def parse(places: Places, wishes: Wishes) -> Labels:
    """Every row of gt_avg_….csv, with the gender from allcategories_….csv."""
    tables = tables_with(places, ".csv", AGES)
    if not tables:
        raise ConvertError(f"there is no gt_avg_….csv: APPA-REAL is {WANTS}")
    genders = {
        row["file"]: row["gender"].lower()
        for table in tables_with(places, ".csv", GENDERS)
        for row in rows_of(table)
    }
    if not genders:
        raise ConvertError(f"there is no allcategories_….csv with genders: APPA-REAL is {WANTS}")
    for table in tables:
        found = _SPLIT.search(table.name)
        split = found[1] if found else ""
        if chosen(split, wishes.splits):
            for row in rows_of(table):
                gender = genders.get(row["file_name"], "")
                yield _judged(row, gender, split, places, real=wishes.real_age)


def _judged(
    row: dict[str, str], gender: str, split: str, places: Places, *, real: bool
) -> Row | Dropped:
    name = f"{split}/{row['file_name']}"
    if gender not in ("female", "male"):
        return Dropped(name, "gender unknown")
    years = age_in_range(row["real_age"] if real else row["apparent_age_avg"])
    if years is None:
        return Dropped(name, "age unknown")
    # Beside each picture lies the face alone, turned upright, with 40 % margin.
    file = places.find(f"{name}_face.jpg") or places.find(name)
    if file is None:
        return Dropped(name, "picture not in the set")
    deviation = None if real else age_in_range(row["apparent_age_std"])
    image = f"{split}/{file.name.rpartition('/')[2]}"
    return Row(file.name, image, gender == "female", Age(years, "", deviation), split=split)
