"""A network's card → how right the answers about persons are, with what chance leaves of them.

A card's evidence has no prescribed form and may come from strangers: what is not of the form that
`benchmarks.persons` writes is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edge.dossier.markdown import plain, table
from edge.notice.catalogue import Catalogue, catalogue
from edge.runtime.networks.card import Card

COLUMNS = (
    "group", "persons", "sex right, of 100 that are told one", "told a sex, of 100",
    "age off by, years", "on average, years too old (+) or young (−)",
)  # fmt: skip
INTERVALS = "In brackets: what holds 95 % of chance, Wilson's of shares, the bootstrap's of years."


def persons(card: Card) -> Iterator[str]:
    """For each set of faces that persons were simulated from: what was done, and a table."""
    words = catalogue("en")
    all_of = _table(card.evidence.get("persons"))
    columns, simulated = all_of.get("columns"), str(all_of.get("simulated", ""))
    for data, found in _table(all_of.get("data")).items():
        groups = _table(_table(found).get("groups"))
        rows = [
            _row(name, row, words)
            for name, told in groups.items()
            if (row := figures(columns, told)).get("people")
        ]
        if rows:
            yield _about(card, data, _table(found), simulated)
            yield table(COLUMNS, rows)


def figures(columns: Any, row: Any) -> Mapping[str, float]:
    """A row's numbers under the names of their columns; none of another form."""
    if not isinstance(columns, list) or not isinstance(row, list) or len(columns) != len(row):
        return {}
    told = zip(map(str, columns), map(_number, row), strict=True)
    return {name: value for name, value in told if value is not None}


def _about(card: Card, data: str, found: Mapping[str, Any], simulated: str) -> str:
    people, missed = (_number(found.get(key)) or 0 for key in ("people", "not_found"))
    return (
        f"Network `{card.name}`, persons instead of crops, {plain(data)}: {people:.0f} found, "
        f"{missed:.0f} not. Simulated: {plain(simulated)} Nobody walked before a camera for it. "
        f"{INTERVALS}"
    )


def _row(name: str, row: Mapping[str, float], words: Catalogue) -> tuple[str, ...]:
    return (
        plain(words.word("groups", name)),
        f"{row['people']:.0f}",
        with_interval(row, "sex_right", ".0f", scale=100),
        f"{100 * row.get('sex_told', 0) / row['people']:.0f}",
        with_interval(row, "years_off", ".1f"),
        f"{row['bias_years']:+.1f}".replace("-", "−") if "bias_years" in row else "–",
    )


def with_interval(row: Mapping[str, float], name: str, form: str, *, scale: float = 1) -> str:
    """A figure and its interval, as "0.86 (0.84 to 0.88)"; a dash where it was not measured."""
    names = (name, f"{name}_low", f"{name}_high")
    if not all(each in row for each in names):
        return "–"
    figure, low, high = (f"{scale * row[each]:{form}}" for each in names)
    return f"{figure} ({low} to {high})"


def _table(held: Any) -> Mapping[str, Any]:
    return held if isinstance(held, dict) else {}


def _number(held: Any) -> float | None:
    return held if isinstance(held, int | float) and not isinstance(held, bool) else None
