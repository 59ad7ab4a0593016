"""A network's card → how right it is, group by group, as rows for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from edge.notice.catalogue import Catalogue
from edge.runtime.networks.card import Card

MEASURED = ("accuracy", "held_out")
"""Parts of a card's evidence, best first: through a detector as in use, or of crops alone."""
EVEN_YEARS = 0.5
"""A mean this near the truth is no direction."""


class Row(NamedTuple):
    """A group's figures; None where it was not measured."""

    group: str
    faces: int
    sex_right: float | None
    error_years: float | None
    bias_years: float | None
    error_interval_years: tuple[float, float] | None = None


def rows_of(card: Card) -> list[Row]:
    """Of the first part of the evidence that has any: a card's evidence has no fixed form."""
    for part in MEASURED:
        evidence = _table(card.evidence.get(part))
        ages, genders = _table(evidence.get("age")), _table(evidence.get("gender"))
        rows = [_row(group, _table(ages.get(group)), _table(genders.get(group)))
                for group in dict.fromkeys((*ages, *genders))]  # fmt: skip
        if any(row.faces for row in rows):
            return [row for row in rows if row.faces]
    return []


def looks_of(card: Card) -> list[Row]:
    """The same by the groups that a data set's authors sorted faces into by their looks."""
    groups = _table(card.evidence.get("groups"))
    return [
        Row(name, int(_number(held.get("faces")) or 0), _number(held.get("gender")),
            _number(held.get("error_years")), None)
        for name, found in groups.items() if (held := _table(found)).get("faces")
    ]  # fmt: skip


def _table(held: Any) -> Mapping[str, Any]:
    return held if isinstance(held, dict) else {}


def _row(group: str, age: Mapping[str, Any], gender: Mapping[str, Any]) -> Row:
    faces = _number(age.get("faces")) or _number(gender.get("faces")) or 0
    errors = _number(age.get("error_years")), _number(age.get("bias_years"))
    return Row(group, int(faces), _number(gender.get("accuracy")), *errors, _interval(age))


def _interval(age: Mapping[str, Any]) -> tuple[float, float] | None:
    ends = age.get("error_interval_years")
    found = [_number(end) for end in ends] if isinstance(ends, list) else []
    known = [end for end in found if end is not None]
    return (known[0], known[1]) if len(known) == len(found) == 2 else None


def _number(held: Any) -> float | None:
    return held if isinstance(held, int | float) and not isinstance(held, bool) else None


def cells(row: Row, words: Catalogue) -> tuple[str, str, str, str, str]:
    """A row in words: group, faces, of 100 how many sexes are right, years off, and which way."""
    right = "–" if row.sex_right is None else f"{100 * row.sex_right:.0f}"
    error = "–" if row.error_years is None else words.number(row.error_years, ".1f")
    return words.word("groups", row.group), str(row.faces), right, error, _bias(row, words)


def _bias(row: Row, words: Catalogue) -> str:
    if row.bias_years is None or abs(row.bias_years) < EVEN_YEARS:
        return "–"
    way = "older" if row.bias_years > 0 else "younger"
    return words.word("table", way).format(years=words.number(abs(row.bias_years), ".1f"))
