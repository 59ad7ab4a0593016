"""Label files in text: comma- or tab-separated, with a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from converters.datasets.places import Found, Places
from converters.errors import ConvertError


def rows_of(file: Found, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """The rows of a table, names and values without blanks round them; missing values are ''."""
    text = file.read().decode("utf-8-sig", errors="replace")
    try:
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
            # What a row lacks is None, what it has too much is a list.
            yield {k.strip(): v.strip() if isinstance(v, str) else "" for k, v in row.items() if k}
    except csv.Error as error:
        raise ConvertError(f"{file.name} is no table that can be read: {error}") from error


def tables_with(
    places: Places, suffix: str, columns: Sequence[str], delimiter: str = ","
) -> list[Found]:
    """The files with this suffix whose header names all these columns."""
    return [
        file
        for file in places.files(lambda name: name.lower().endswith(suffix))
        if set(columns) <= set(header_of(file, delimiter))
    ]


def header_of(file: Found, delimiter: str = ",") -> list[str]:
    """The names in the first line."""
    first = file.read().decode("utf-8-sig", errors="replace").split("\n", 1)[0]
    return [name.strip().strip('"') for name in first.split(delimiter)]


def chosen(split: str, wanted: Sequence[str]) -> bool:
    """Whether a split is among the wanted ones; all are where none is named."""
    return not wanted or split in wanted
