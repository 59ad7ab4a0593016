"""What a report tells: sums of a span of time, and the shares of it that are not known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from edge.history.read import Sums
from edge.messages.bands import SCHEMES
from edge.report.coverage import Looked
from edge.report.period import Period


class Figures(NamedTuple):
    """The sums of an hour, a day or the whole period, and how much the camera looked in it."""

    sums: Sums
    looked: Looked

    @property
    def known(self) -> bool:
        """Whether there is any window at all."""
        return self.sums["windows"] > 0

    @property
    def told_people(self) -> int:
        """People in windows that tell who they were."""
        return self.sums["people"] - self.sums["untold_people"]

    @property
    def not_had(self) -> int:
        """Windows that were lost, or never came."""
        return self.sums["lost"] + max(self.sums["missing"] - self.sums["late"], 0)

    @property
    def shares(self) -> dict[str, float | None]:
        """Name → share that is not known, 0 … 1; None where there is nothing to have a share of."""
        sums, windows = self.sums, self.sums["windows"]
        numbered = windows - sums["lost"] + self.not_had
        return {
            "gender_unknown": _share(sums["gender_unknown"], self.told_people),
            "age_unknown": _share(sums["age_unknown"], self.told_people),
            "withheld": _share(sums["untold_people"], sums["people"]),
            "zones_withheld": self._withheld("zone"),
            "lines_withheld": self._withheld("line"),
            "lost": _share(self.not_had, numbered),
            "unsynchronised": _share(sums["unsynchronised"], windows),
        }

    def _withheld(self, kind: str) -> float | None:
        """The share of people in windows that tell of no zone, or no line; None without any."""
        untold = self.sums[f"{kind}s_untold_people"]
        there = untold or any(name.startswith(f"{kind}_") for name in self.sums)
        return _share(untold, self.sums["people"]) if there else None

    @property
    def places(self) -> dict[str, int]:
        """Zones and lines, by key."""
        return {
            name: self.sums[name]
            for name in sorted(self.sums)
            if name.startswith(("zone_", "line_"))
        }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


class Row(NamedTuple):
    """An hour or a day: its start with the offset of local time, or its date."""

    start: str
    label: str
    figures: Figures


class Beside(NamedTuple):
    """An earlier period, and what was told of it.

    Of a period that is not over both are held up to the same full hour, `until`: `ours` are its own
    figures until then, None where the earlier ones are not kept by the hour.
    """

    name: str
    period: Period
    figures: Figures
    ours: Figures | None
    until: str = ""


NOTES = {
    "": "{reason}",
    "waiting": "{windows} windows in these numbers still wait for the broker",
    "hours_gone": "hours are kept for {days} days",
    "long": "a window counts in the hour in which it begins, and windows are longer than an hour",
    "rounding": "detail is rounded under k = {k}: small numbers are off, sums right on average",
    "noise": "the numbers have noise: sums of many small windows are too high",
    "disabled": "history.enabled is false: what was delivered since is missing",
}


class Note(NamedTuple):
    """What a reader must know of the numbers: a sentence of `NOTES`, and what stands in it."""

    key: str
    values: Mapping[str, object] = MappingProxyType({})

    @property
    def text(self) -> str:
        """The sentence."""
        return NOTES[self.key].format_map(self.values)


class Report(NamedTuple):
    """All that is told of a period."""

    device: str
    period: Period
    until: str
    """Local time of the report where the period is not over; else empty."""
    rows: list[Row]
    total: Figures
    beside: list[Beside]
    bands: list[str]
    """Age bands in which people were counted."""
    estimates: dict[str, float]
    notes: list[Note]


def bands_in(sums: Sums, configured: str) -> list[str]:
    """The schemes' bands of which there is any number, else those configured."""
    used = [
        scheme for scheme, bands in SCHEMES.items() if any(sums[f"age_{band}"] for band in bands)
    ]
    return [band for scheme in used or [configured] for band in SCHEMES[scheme]]
