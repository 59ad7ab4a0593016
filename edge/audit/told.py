"""What the device told → spans of time with their sums: windows of recorded messages, or hours.

Both have the sums of `edge.history.sums` under the same names, so that what follows needs not know
which of the two it has.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge.config.zone import Ahead
from edge.history.read import Rules, Sums, recorded
from edge.history.sums import FOLDING, HOUR_S, hour_at, named, sums_of
from edge.history.table import Span as Days
from edge.messages.checking import YEARS, contradiction
from edge.messages.counts import Counts, CountsHead
from edge.messages.unreadable import UNREADABLE
from edge.output import some

LOOKED_MIN = 0.95
"""Of a span the camera must have looked at this share, or it is not held against the tally."""
SET_S = 1.0
"""Stamps that are further from the measured length are of a clock that was set meanwhile."""
LINE_BYTES = 65_536


class Told(NamedTuple):
    """What the device told of a span, in seconds since 1970."""

    start_s: float
    end_s: float
    sums: Sums

    @property
    def flaw(self) -> str:
        """Why it can't be held against a tally; empty where it can."""
        sums, length_ms = self.sums, 1000 * (self.end_s - self.start_s)
        if sums["lost"] or sums["missing"] > sums["late"]:
            return "the device's windows were lost"
        if sums["unsynchronised"]:
            return "the device's clock was not synchronised"
        if sums["noisy"]:
            return "the device's numbers have noise"
        if abs(sums["window_ms"] - length_ms) > 1000 * SET_S:
            return "the device's windows do not fill the time"
        if sums["observed_ms"] < LOOKED_MIN * length_ms:
            return "the camera did not look all the time"
        return ""

    @property
    def folded(self) -> bool:
        """Whether any of it was folded under a k above 1."""
        return any(each.split(":")[1] != "1" for each in named(self.sums, FOLDING))


class Heard(NamedTuple):
    """The windows of recorded messages, and sentences on what was left out."""

    told: list[Told]
    notes: list[str]


class Record(Exception):
    """A line that is no window of ours: its text says what it is instead."""


def from_history(
    folder: Path, places: Collection[str], ahead: Ahead, spans: Iterable[tuple[float, float]]
) -> list[Told]:
    """The hours of history and outbox in which any of the spans, of seconds since 1970, lies.

    UnreadableError names a file that can't be read.
    """
    hours = {hour_at(at_s, ahead) for span in spans for at_s in _each_hour(*span)}
    days = {hour.day for hour in hours}
    around = [Days(day - 1, day + 1) for day in sorted(days)]
    found = recorded(folder, Rules(places, ahead), around).regrouped(ahead)
    return [
        Told(hour.start_s, hour.start_s + HOUR_S, sums)
        for hour, sums in sorted(found.hours.items())
        if hour in hours
    ]


def _each_hour(start_s: float, end_s: float) -> Iterator[float]:
    yield start_s
    at_s = start_s + HOUR_S
    while at_s < end_s:
        yield at_s
        at_s += HOUR_S
    yield end_s - 1


def from_messages(lines: Iterable[bytes], device: str) -> Heard:
    """The windows in lines of JSON, as `mosquitto_sub` writes them, with the topic or without.

    Repeats are dropped. `device` is SITE/DEVICE: where a topic is told, others are left out.
    """
    told: dict[tuple[str, int], Told] = {}  # recordings may be put together in any order
    odd: Counter[str] = Counter()
    for line in lines:
        try:
            window = _window(line, device)
        except Record as what:
            odd[str(what)] += 1
            continue
        if window is not None:
            told.setdefault((window.numbering, window.seq), _told(window))
    return Heard(sorted(told.values(), key=lambda each: each.start_s), _notes(odd, told))


def _notes(odd: Mapping[str, int], told: Collection[tuple[str, int]]) -> list[str]:
    """What was left out and why, and whether the windows may be of two devices."""
    numberings = {numbering for numbering, _ in told}
    notes = [f"{some(n, 'line')} of the recording left out: {what}" for what, n in odd.items()]
    if len(numberings) > 1:
        notes.append(
            f"the recording has {len(numberings)} numberings: are they of one device? "
            "Record its own topic alone"
        )
    return notes


def _window(line: bytes, device: str) -> CountsHead | None:
    """The window in a line; None for an empty one and what is of another topic; else Record."""
    text = line.strip()
    if not text:
        return None
    if not text.startswith(b"{"):
        topic, _, text = text.partition(b" ")
        *_, site, name, what = ["", "", *topic.decode("utf-8", "replace").split("/")]
        if name and what != "counts":
            return None
        if f"{site}/{name}" != device and name:
            raise Record("of another device")
    try:
        found = json.loads(text[:LINE_BYTES])
        return _checked(_unwrapped(found, device))
    except (*UNREADABLE, ValueError, TypeError):
        raise Record("no window of schema 2") from None


def _unwrapped(found: Any, device: str) -> dict[str, Any]:
    """A message as it was sent, or as `agender-edge watch --json` writes it, with the device."""
    if isinstance(found, dict) and found.get("what") is not None and "message" in found:
        if found["what"] != "counts":
            raise Record("another message")
        if found.get("device") != device:
            raise Record("of another device")
        found = found["message"]
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _checked(flat: Mapping[str, Any]) -> CountsHead:
    """The flat object as a window; ValueError where it is none, or its sums disagree."""
    places = {key: flat[key] for key in flat if key.startswith(("zone_", "line_"))}
    others = {key: flat[key] for key in flat if key not in places}
    window = msgspec.convert({**others, "places": places}, Counts)
    if flat.get("schema") != 2:
        raise ValueError("another schema")
    for stamp in (window.start, window.end):
        if datetime.fromisoformat(stamp).year not in YEARS:
            raise ValueError("no moment")
    if not window.lost and (trouble := contradiction(msgspec.structs.asdict(window))):
        raise ValueError(trouble)
    return window


def _told(window: CountsHead) -> Told:
    start_s, end_s = (
        datetime.fromisoformat(stamp).timestamp() for stamp in (window.start, window.end)
    )
    return Told(start_s, end_s, Counter(sums_of(window)))
