"""Keys that had another name in earlier releases: a table of then → one of now."""

from __future__ import annotations

from edge.config.section import Table
from edge.errors import ConfigError

RENAMED = {"tracking.detect_fps_max": "detector.looks_per_s"}
"""Name of then → name of now; the meaning is the same. What is here is never taken out again: a
device that is upgraded keeps its file."""


def with_new_names(table: Table, origin: str) -> Table:
    """`table` with every key under its name of now; the table itself is left as it is.

    ConfigError, naming `origin`, where a key stands under both names: which one is meant is
    nothing to guess.
    """
    for old, new in RENAMED.items():
        table = _moved(table, old, new, origin)
    return table


def name_of_now(key: str) -> str:
    """`section.key` as it is called now."""
    return RENAMED.get(key, key)


def _moved(table: Table, old: str, new: str, origin: str) -> Table:
    (before, old_key), (after, new_key) = old.split("."), new.split(".")
    held, target = table.get(before), table.get(after, {})
    if not isinstance(held, dict) or old_key not in held or not isinstance(target, dict):
        return table  # what is no table at all is told by the check
    if new_key in target:
        raise ConfigError(f"{origin}: {old} is now called {new}, and both are set; take {old} out")
    left = {key: value for key, value in held.items() if key != old_key}
    return table | {before: left, after: target | {new_key: held[old_key]}}
