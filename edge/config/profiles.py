"""`privacy.profile`: what one line sets in several tables, and what it lets nobody weaken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from edge.config.section import Table
from edge.errors import ConfigError


class Rule(NamedTuple):
    """A key's value under a profile, and whether another value is at least as strict."""

    value: Any
    allows: Callable[[Any], bool]
    meaning: str


def _at_least(value: float) -> Rule:
    return Rule(value, lambda other: bool(other >= value), f"at least {value:g}")


def _only(value: str) -> Rule:
    return Rule(value, lambda other: bool(other == value), f'"{value}"')


def _among(*values: str) -> Rule:
    names = ", ".join(values)
    return Rule(list(values), lambda other: set(other) <= set(values), f"none but {names}")


PROFILES: Mapping[str, Mapping[str, Rule]] = {
    "none": {},
    "statistics": {
        "privacy.k": _at_least(10),
        "privacy.window_min_s": _at_least(900),
        "privacy.state": _only("off"),
        "commands.verbs": _among("pause", "resume", "snapshot-health"),
    },
}


def with_profile(table: Table) -> Table:
    """A checked table with the values of its profile filled in.

    ConfigError where a key is set to something weaker: what `info` says of the profile would be
    wrong then.
    """
    name = table.get("privacy", {}).get("profile", "none")
    filled = {section: dict(values) for section, values in table.items()}
    for path, rule in PROFILES[name].items():
        section, key = path.split(".")
        held = filled.setdefault(section, {}).setdefault(key, rule.value)
        if not rule.allows(held):
            raise ConfigError(
                f"{path} is weaker than privacy.profile = {name} allows ({rule.meaning}): set "
                "that, leave the key out, or take the profile out"
            )
    return filled
