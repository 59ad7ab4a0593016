"""What becomes of the answers where camera or broker turned out not to work."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from edge.broker_address import AUTO, broker_overrides
from edge.config.broker import Mqtt
from edge.init.questions import Ask, answered, ask_source, chosen
from edge.init.trial import TrialError

CHOICES = {
    "again": "try once more, now that it is mended",
    "anew": "answer anew what it was told, and try that",
    "write": "write all the same",
}
"""Ctrl-D gives up."""
USER = "mqtt.username"
NOBODY = "-"
"""Typed for no user, where an empty answer keeps the one before."""


def answer_again(
    parsed: argparse.Namespace, ask: Ask, error: TrialError, typed: Sequence[str], tried: Mqtt
) -> tuple[list[str], bool]:
    """All other answers stay; → those as `key=value`, and whether the password stays as well.

    `tried` is the broker as it was tried, by whichever of answers, flags and file named it.
    """
    choice = chosen(ask, f"{error.reason}. What now?", CHOICES)
    parsed.untested = parsed.untested or choice == "write"
    if choice != "anew":
        return list(typed), True
    kept = list(typed)
    if "source" in error.failed:
        parsed.overrides = _without(parsed.overrides, ["source.uri"])
        parsed.source = None
        kept = [*_without(kept, ["source.uri"]), *ask_source(parsed, ask)]
    if "broker" not in error.failed:
        return kept, True
    return _without(kept, [USER]) + _broker(parsed, ask, tried), False


def _broker(parsed: argparse.Namespace, ask: Ask, tried: Mqtt) -> list[str]:
    """Asks for broker and user; what --set says of them otherwise is no longer so."""
    parsed.password_file = None
    named = tried.endpoint.authority if tried.transport == "tcp" else ""
    known = AUTO if tried.host == AUTO else named
    parsed.broker = answered(ask, "Host of the MQTT broker", parsed.broker or known, "mqtt.host")
    told = [one.partition("=")[0] for one in broker_overrides(parsed.broker)]
    parsed.overrides = _without(parsed.overrides, [*told, USER])
    none = f", {NOBODY} for none" if tried.username else ", empty for none"
    user = answered(ask, f"User of this device at the broker{none}", tried.username, USER)
    parsed.username = None if user == NOBODY else user or None
    return [] if parsed.username else [f"{USER}="]


def _without(overrides: Sequence[str], keys: Collection[str]) -> list[str]:
    """Those `key=value` that say something else."""
    return [one for one in overrides if one.partition("=")[0].strip() not in keys]
