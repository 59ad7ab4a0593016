"""The text of a labels.csv, however a spreadsheet wrote it → rows with their places.

Commas, semicolons, tabs or bars between fields, quoted or not, UTF-8 or UTF-16: what the header
shows is taken. Every fault is told with the file, the line, the column and what would be right.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from converters.errors import ConvertError

SEPARATORS = ",;\t|"
SHOWN = 80
"""Letters of a wrong value that a sentence repeats."""
AGES = ("age_band", "age_years")
COLUMNS = ("image", "gender", *AGES, "age_std", "group", "person")
OTHERS = {
    "image": ("file", "filename", "file_name", "path", "picture", "photo", "img"),
    "gender": ("sex",),
    "age_years": ("age", "years"),
    "age_band": ("band", "age_group", "age_range", "agegroup"),
}
"""A column → what people call it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: its values by column, without blanks round them; '' for none."""

    origin: str
    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def shown(self, column: str) -> str:
        """The value in quotes, the beginning of a long one."""
        value = self[column]
        return repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}…")

    def fault(self, column: str, said: str) -> ConvertError:
        """The sentence for a value that cannot be."""
        return ConvertError(f"{self.origin}, line {self.line}, column `{column}`: {said}")


@dataclass(frozen=True, slots=True)
class Table:
    """The header as it stands there, and the rows."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(content: bytes, origin: str) -> Table:
    """The table in the bytes of a file; ConvertError, naming `origin`, where it is none."""
    text = _text(content, origin)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    lines = _records(text, separator, origin)
    _, names = next(lines, (1, []))
    header = tuple(name.strip().lower() for name in names)
    _check_header(header, origin)
    rows = tuple(_row(header, line, fields, origin) for line, fields in lines)
    if not rows:
        raise ConvertError(f"{origin} holds no face: below its header there is no line")
    return Table(header, rows)


def write_table(header: Iterable[str], rows: Iterable[Row]) -> str:
    """The rows as a labels.csv, comma-separated; what needs quotes gets them."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    columns = list(header)
    table.writerow(columns)
    table.writerows([row[column] for column in columns] for row in rows)
    return text.getvalue()


def _text(content: bytes, origin: str) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConvertError(
            f"{origin}, line {line}: is no UTF-8: save the table as `CSV UTF-8`"
        ) from error


def _records(text: str, separator: str, origin: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each record begins, and its fields; empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ConvertError(
                f"{origin}, line {begins}: cannot be read as a table ({error}): is a quote missing?"
            ) from error
        if any(field.strip() for field in fields):
            yield begins, fields
        begins = reader.line_num + 1


def _check_header(header: tuple[str, ...], origin: str) -> None:
    where = f"{origin}, line 1"
    double = next((name for name in header if name and header.count(name) > 1), "")
    if double:
        raise ConvertError(f"{where}: names the column `{double}` twice")
    for column in ("image", "gender"):
        if column not in header:
            raise ConvertError(f"{where}: {_missing((column,), header)}")
    if not set(AGES) & set(header):
        raise ConvertError(f"{where}: {_missing(AGES, header)}")


def _missing(columns: tuple[str, ...], header: tuple[str, ...]) -> str:
    """'has no column `gender`; it has …: rename `sex` to `gender`'."""
    has = ", ".join(f"`{name}`" for name in header[:12] if name) or "none"
    said = f"has no column {' or '.join(f'`{column}`' for column in columns)}; it has {has}"
    for column in columns:
        known = [name for name in header if name in OTHERS.get(column, ())]
        meant = known or difflib.get_close_matches(column, set(header) - set(COLUMNS), 1, 0.75)
        if meant:
            return f"{said}: rename `{meant[0]}` to `{column}`"
    return f"{said}: the first line has to name the columns, as in image,age_band,gender"


def _row(header: tuple[str, ...], line: int, fields: list[str], origin: str) -> Row:
    if len(fields) > len(header) and any(field.strip() for field in fields[len(header) :]):
        raise ConvertError(
            f"{origin}, line {line}: has {len(fields)} fields, but the header names "
            f"{len(header)} columns: put quotes round a value that holds the separator"
        )
    values = {name: field.strip() for name, field in zip(header, fields, strict=False)}
    return Row(origin, line, values)
