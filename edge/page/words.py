"""The texts of a language: one TOML file each, and which one a browser wants."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from edge.report.columns import NOTHING, band_name, percentage

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = ("en", "de", "fr", "es")

_WANTED = re.compile(r"\s*([a-zA-Z]{2,3})(?:-[\w-]*)?\s*(?:;\s*q=([\d.]{1,5}))?\s*")


class Words:
    """What a page says in one language."""

    def __init__(self, language: str, texts: dict[str, Any]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with the values in it."""
        text = str(self._texts[key])
        return text.format_map(values) if values else text

    def knows(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in self._texts

    def number(self, value: float | None, form: str = "g") -> str:
        """A number with the language's decimal sign; an en dash where there is none."""
        return NOTHING if value is None else f"{value:{form}}".replace(".", self("decimal"))

    def percent(self, share: float | None) -> str:
        """0.0423 → 4.2 %, as reports round it."""
        if share is None:
            return NOTHING
        number = percentage(share).replace(".", self("decimal"))
        return f"{number}\N{NO-BREAK SPACE}%"

    def day(self, day: date) -> str:
        """A date with its day of the week, short."""
        name = self._texts["weekdays"][day.weekday()]
        return self("date", weekday=name, day=day.day, month=day.month)

    def band(self, band: str) -> str:
        """An age band: 25–34, 65+, young."""
        return self(f"band_{band}") if self.knows(f"band_{band}") else band_name(band)


@cache
def words_of(language: str) -> Words:
    """The texts of a language, one of `LANGUAGES`."""
    return Words(language, tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8")))


def wanted(chosen: str | None, header: str) -> str:
    """The language that was chosen, else the first of Accept-Language (RFC 9110) that is here."""
    if chosen in LANGUAGES:
        return chosen
    found: list[tuple[float, str]] = []
    for part in header.split(","):
        match = _WANTED.fullmatch(part)
        if match and match[1].lower() in LANGUAGES:
            found.append((-_quality(match[2]), match[1].lower()))
    return min(found, key=lambda one: one[0])[1] if found else LANGUAGES[0]


def _quality(text: str | None) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
