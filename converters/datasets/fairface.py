"""FairFace: two tables of files, age bands, genders and groups.

Kärkkäinen & Joo, *FairFace* (WACV 2021). Labels are human judgement.
"""

from __future__ import annotations

from converters.datasets.places import Places
from converters.datasets.rows import Age, Dropped, Labels, Row, Terms, Wishes
from converters.datasets.tables import chosen, rows_of, tables_with
from converters.errors import ConvertError
from converters.labels import BANDS

TERMS = Terms(
    "FairFace",
    "CC BY 4.0",
    True,
    "FairFace (K. Kärkkäinen & J. Joo, WACV 2021), https://github.com/joojs/fairface, CC BY 4.0",
    "https://github.com/joojs/fairface",
)
WANTS = (
    "fairface-img-margin025-trainval.zip (or margin125, or the folder), and "
    "fairface_label_train.csv and fairface_label_val.csv"
)
COLUMNS = ("file", "age", "gender", "race")
AGES = {
    **{band: band for band in BANDS},
    "more than 70": "70+",
    # What a spreadsheet makes of 3-9 and 10-19.
    "3-Sep": "3-9", "03-Sep": "3-9", "9-Mar": "3-9", "09-Mar": "3-9",
    "Oct-19": "10-19", "19-Oct": "10-19",
}  # fmt: skip


def parse(places: Places, wishes: Wishes) -> Labels:
    """Every row of every label table; `train` and `val` are told by the files' folders."""
    tables = tables_with(places, ".csv", COLUMNS)
    if not tables:
        raise ConvertError(
            f"there is no table with the columns {', '.join(COLUMNS)}: FairFace is {WANTS}"
        )
    for table in tables:
        for row in rows_of(table):
            split = row["file"].partition("/")[0]
            if chosen(split, wishes.splits):
                yield _judged(row, split)


def _judged(row: dict[str, str], split: str) -> Row | Dropped:
    band, gender = AGES.get(row["age"]), row["gender"].lower()
    if band is None:
        return Dropped(row["file"], "age band unknown")
    if gender not in ("female", "male"):
        return Dropped(row["file"], "gender unknown")
    return Row(row["file"], row["file"], gender == "female", Age(band=band), row["race"], split)
