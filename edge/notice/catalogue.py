"""The texts of a language: one TOML file each, with the values of a device put in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edge import __version__
from edge.config.people import GHOST_FORGET_S
from edge.history.table import DAYS_MAX, HOURLY_DAYS
from edge.messages.bands import SCHEMES
from edge.notice.facts import Facts

TEXTS = Path(__file__).parent / "texts"
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
"""Seconds → symbols that are the same in every language (SI brochure, table 8)."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language by table and key."""

    language: str
    tables: Mapping[str, Any]

    def word(self, table: str, key: str) -> str:
        """A text of a table; the key itself where the language has none for it."""
        return str(self.tables[table].get(key, key))

    def number(self, value: float, form: str = "g") -> str:
        """A number with the language's decimal sign."""
        return f"{value:{form}}".replace(".", str(self.tables["decimal"]))

    def duration(self, seconds: float) -> str:
        """A time in the greatest unit that it is a whole number of."""
        size, symbol = next((u for u in UNITS if seconds % u[0] == 0), (1, "s"))
        return f"{self.number(seconds / size, '.10g')}\N{NO-BREAK SPACE}{symbol}"

    def sayer(self, facts: Facts) -> Callable[[str, str], str]:
        """(table, key) → the sentence about this device."""
        values = values_of(facts, self)
        return lambda table, key: self.word(table, key).format_map(values)


@cache
def catalogue(language: str) -> Catalogue:
    """The texts of a language, one of `edge.notice.arguments.LANGUAGES`."""
    text = (TEXTS / f"{language}.toml").read_text(encoding="utf-8")
    return Catalogue(language, tomllib.loads(text))


def values_of(facts: Facts, words: Catalogue) -> dict[str, str]:
    """What stands in the braces of a text."""
    config, operator = facts.config, facts.operator
    return {
        **{key: getattr(operator, key).strip() for key in operator.__struct_fields__},
        "k": str(facts.k),
        "epsilon": words.number(config.privacy.epsilon or 0.0),
        "window": words.duration(config.window_s),
        "visit_max": words.duration(config.tracking.visit_max_s),
        "held": words.duration(facts.held_s),
        "ghost": words.duration(config.tracking.ghost_after_s),
        "forget": words.duration(GHOST_FORGET_S),
        "estimates_max": str(config.tracking.estimates_max),
        "hours_kept": str(HOURLY_DAYS),
        "days_kept": str(DAYS_MAX),
        "max_windows": str(config.outbox.max_windows),
        "bands": ", ".join(_bands(config.window.bands, words)),
        "zones": ", ".join(facts.zones("count")),
        "included": ", ".join(facts.zones("include")),
        "excluded": ", ".join(facts.zones("exclude")),
        "lines": ", ".join(facts.lines),
        "requests": ", ".join(words.word("requests", verb) for verb in facts.requests),
        "device": f"{config.device.site}/{config.device.name}",
        "version": __version__,
    }


def _bands(scheme: str, words: Catalogue) -> list[str]:
    """The age bands in a person's words."""
    told = []
    for name, (first, last) in SCHEMES[scheme].items():
        ages = f"{first}–{last}" if last else words.word("bands", "plus").format(first=first)
        named = re.fullmatch(r"[a-z]+", name)
        told.append(words.word("bands", name).format(range=ages) if named else ages)
    return told
