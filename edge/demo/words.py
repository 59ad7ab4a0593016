"""Messages and results of the demo in a person's words."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from edge.messages.bands import AGE_BANDS
from edge.output import number

Payload = Any


def line(kind: str, payload: Payload) -> str:
    """One message as one line of a terminal."""
    say = {"counts": counts, "state": _state, "health": _health, "info": _info}.get(kind)
    text = say(payload) if say else str(payload)
    return f"{time.strftime('%H:%M:%S')}  {kind:<13} {text}"


def counts(payload: Mapping[str, Any]) -> str:
    """`2 people: 1 woman (35-44), 1 man (25-34)`, or nobody."""
    if not payload["people"]:
        return f"nobody   (window {payload['seq']})"
    if payload["female"] is None:
        return f"{number(payload['people'], 'person', 'people')}   (window {payload['seq']})"
    ages = [
        f"{count} aged {_band(band)}" for band in AGE_BANDS if (count := payload[f"age_{band}"])
    ]
    return f"{people(payload)}: {', '.join(ages) or 'age unknown'}   (window {payload['seq']})"


def people(payload: Mapping[str, int]) -> str:
    """`3 people (1 woman, 2 men)`."""
    parts = [
        number(payload["female"], "woman", "women"),
        number(payload["male"], "man", "men"),
        number(payload["gender_unknown"], "unknown", "unknown"),
    ]
    shown = ", ".join(part for part in parts if not part.startswith("0 "))
    return f"{number(payload['people'], 'person', 'people')} ({shown or 'nobody'})"


def summary(
    windows: Sequence[Mapping[str, Any]], received: Mapping[str, int], broker: str, took_s: float
) -> str:
    """How many people, and what the broker got."""
    keys = ("people", "female", "male", "gender_unknown")
    total = {key: sum(window[key] or 0 for window in windows) for key in keys}
    numbers = [window["seq"] for window in windows]
    gaps = "no gap" if numbers == list(range(1, len(numbers) + 1)) else f"numbers {numbers}"
    got = ", ".join(f"{number} {kind}" for kind, number in sorted(received.items()))
    return (
        f"{people(total)} in {len(windows)} windows ({gaps}), {took_s:.0f} s.\n"
        f"The {broker} broker delivered: {got}. No picture was stored or sent."
    )


def _state(payload: Mapping[str, Any]) -> str:
    present = payload["present"]
    return "few or nobody in view" if present is None else f"{present} in view"


def _health(payload: Mapping[str, Any]) -> str:
    if payload["fps_processed"] is None:
        return "vision is starting"
    return (
        f"{payload['fps_processed']:.1f} frames/s, {payload['stage_detect_ms']:.0f} ms detection, "
        f"{payload['vision_memory_mb']:.0f} MB"
    )


def _info(payload: Mapping[str, Any]) -> str:
    models = ", ".join(model["name"] for model in payload["models"])
    device = f"device {payload['device']}, version {payload['version']}"
    return f"{device}, models {models}" if models else f"{device}, vision is starting"


def _band(name: str) -> str:
    first, last = AGE_BANDS[name]
    return f"{first}+" if last is None else f"{first}-{last}"
