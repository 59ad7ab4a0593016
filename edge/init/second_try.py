"""What becomes of the answers where camera or broker turned out not to work."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edge.init.questions import NAMES, Ask, answered, ask_source, chosen
from edge.init.trial import TrialError

CHOICES = {
    "again": "try once more, now that it is mended",
    "anew": "answer anew what it was told, and try that",
    "write": "write all the same",
}
"""Ctrl-D gives up."""
CONCERNS = {
    "source": {"source": "source.uri"},
    "broker": {"broker": "mqtt.host", "username": "mqtt.username"},
}
"""Subject of a finding → the flags that say what is tried, and their keys."""


def answer_again(
    parsed: argparse.Namespace, ask: Ask, error: TrialError, typed: Sequence[str]
) -> tuple[list[str], bool]:
    """All other answers stay; → those as `key=value`, and whether the password stays as well."""
    choice = chosen(ask, f"{error.reason}. What now?", CHOICES)
    parsed.untested = parsed.untested or choice == "write"
    if choice != "anew":
        return list(typed), True
    keys = {flag: key for one in error.failed for flag, key in CONCERNS.get(one, {}).items()}
    parsed.overrides = _without(parsed.overrides, keys)
    typed = _without(typed, keys)
    if "source" in keys:
        parsed.source = None
        typed += ask_source(parsed, ask)
    if "broker" in keys:
        parsed.password_file = None
    for flag, key, question in NAMES:
        if flag in keys:
            setattr(parsed, flag, answered(ask, question, getattr(parsed, flag) or "", key) or None)
    return typed, "broker" not in keys


def _without(overrides: Sequence[str], keys: dict[str, str]) -> list[str]:
    """Those `key=value` that say something else."""
    return [one for one in overrides if one.partition("=")[0].strip() not in keys.values()]
