"""The committed figures that a change must not make worse, one file a folder of footage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.footage.score import Row
from benchmarks.footage.truth import FootageError

Tables = dict[str, list[Row]]
"""Detector and looks a second, as in "far 15" → a row a clip, then the sums."""
Name = Literal["local", "all"]
NAMES: tuple[Name, ...] = ("local", "all")
"""The clips that may be passed on; those and the ones that may only be measured on."""

WORSE = ("error", "missed", "doubled", "sex_wrong", "age_wrong")
"""Figures of which less is better."""


def read(name: Name) -> Tables:
    """A reference; FootageError where none was written yet."""
    return _decoded(path_of(name))


def write(path: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """A row a line: figures and names of clips alone. Other tables in the file stay."""
    before = _decoded(path) if path.exists() else {}
    parts = []
    for title, rows in {**before, **tables}.items():
        lines = ",\n  ".join(msgspec.json.encode(row).decode() for row in rows)
        parts.append(f'"{title}": [\n  {lines}\n ]')
    path.write_text("{\n " + ",\n ".join(parts) + "\n}\n")


def _decoded(path: Path) -> Tables:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Tables)
    except OSError as error:
        raise FootageError(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise FootageError(f"{path} holds no tables of this benchmark: {error}") from error


def path_of(name: Name) -> Path:
    """Where a reference lies."""
    return Path(__file__).with_name(f"{name}.json")


def worse(tables: Mapping[str, Sequence[Row]], reference: Tables) -> Iterator[str]:
    """A sentence for each sum that is worse than its reference, of clips that both have."""
    for title, rows in tables.items():
        before = {row.clip: row for row in reference.get(title, ())}
        if not before:
            yield f"{title}: the reference holds no such table"
        for row in rows:
            if row.kind is None and row.clip in before:  # a sum over several kinds
                yield from _worse(title, row, before[row.clip])


def _worse(title: str, now: Row, before: Row) -> Iterator[str]:
    if now.clips != before.clips:
        yield f"{title}: {now.clips} clips were measured, the reference has {before.clips}"
        return
    for figure in WORSE:
        was, has = getattr(before, figure), getattr(now, figure)
        if has > was:
            yield f"{title}, {now.clip}: {figure} was {was} and is {has}"
