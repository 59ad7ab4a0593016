"""The configuration of what is told: windows, what is folded, what live state and health say."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.section import Section
from edge.config.zone import ahead_in


class Window(Section, frozen=True):
    """How counts are summed over time, and in which age bands."""

    length_s: Annotated[
        float,
        Meta(
            ge=1,
            le=86_400,
            description="Length of a window, aligned to the wall clock; with privacy.k above 1 at "
            "least privacy.window_min_s.",
        ),
    ] = 60.0
    timezone: Annotated[
        str,
        Meta(
            max_length=64,
            description="Time zone that hours and days of windows follow, as Europe/Berlin, over "
            "both changes of the clocks. Empty: the system's, else UTC.",
        ),
    ] = ""
    bands: Annotated[
        Literal["fine", "coarse"],
        Meta(
            description="Age bands: fine (0-12, 13-17, 18-24, 25-34 … 65+) or coarse (child 0-12, "
            "young 13-24, adult 25-59, senior 60+)."
        ),
    ] = "fine"

    def __post_init__(self) -> None:
        ahead_in(self.timezone)


class Privacy(Section, frozen=True):
    """What is folded before anything is stored."""

    profile: Annotated[
        Literal["none", "statistics"],
        Meta(
            description="A set of rules in one line; statistics: k 10, windows of 15 minutes or "
            "more, no live state, and of the requests only pause, resume and snapshot-health. Keys "
            "that are set may only be stricter."
        ),
    ] = "none"
    k: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Detail told of fewer people than this is folded: 1 (none) for a home, "
            "5 or more for a public place.",
        ),
    ] = 1
    window_min_s: Annotated[
        float,
        Meta(ge=60, le=86_400, description="With k above 1 no window is shorter than this."),
    ] = 60.0
    state: Annotated[
        Literal["folded", "exact", "off"],
        Meta(
            description="With k above 1 the live state tells of fewer than k in view nothing, not "
            "even whether there is anybody (folded), or how many there are (exact). off: there is "
            "no live state, whatever k is."
        ),
    ] = "folded"
    epsilon: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="Differential privacy: each window's totals get noise for this ε, and "
            "cells, presence, dwell and places are not told. Needs the extra `privacy`.",
        ),
    ] = None

    @property
    def live(self) -> bool:
        """Whether there is a live state: beside noise each of it would be an exact number."""
        return self.state != "off" and self.epsilon is None


class Health(Section, frozen=True):
    """How the device is."""

    every_s: Annotated[
        float,
        Meta(
            ge=1,
            le=3_600,
            description="Time between two health messages; trouble is told at once. 60 for fleets.",
        ),
    ] = 10.0
