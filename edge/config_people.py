"""The configuration of following, placing, counting and folding people."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.places import Line, Zone
from edge.section import Seconds, Section


class Tracking(Section, frozen=True):
    """How detections become people, and how closely each is looked at."""

    detect_fps_max: Annotated[
        float,
        Meta(gt=0, le=120, description="Look for faces at most this often; predict in between."),
    ] = 15.0
    confirm_s: Annotated[
        float, Meta(ge=0, description="A face seen for less than this is nobody.")
    ] = 0.3
    confirm_hits: Annotated[
        int, Meta(ge=1, description="A face seen less often than this is nobody.")
    ] = 3
    patience_s: Annotated[
        Seconds, Meta(description="How long a face may be lost before its visit is closed.")
    ] = 1.5
    visit_max_s: Annotated[
        Seconds, Meta(description="A longer visit is counted after this time, once.")
    ] = 1800.0
    ghost_after_s: Annotated[
        Seconds, Meta(description="A face that has not moved for this long is a picture.")
    ] = 120.0
    facing_yaw_deg: Annotated[
        float, Meta(gt=0, lt=90, description="Turned aside by more is not attention.")
    ] = 30.0
    facing_pitch_deg: Annotated[
        float, Meta(gt=0, lt=90, description="Turned up or down by more is not attention.")
    ] = 25.0
    estimates_per_frame: Annotated[
        int, Meta(ge=1, description="Faces estimated in one frame at most.")
    ] = 4
    estimates_max: Annotated[
        int, Meta(ge=1, le=64, description="Estimates made of one person at most.")
    ] = 4


class Motion(Section, frozen=True):
    """Not looking where nothing moves: most of what an empty scene would cost is saved."""

    enabled: Annotated[
        bool,
        Meta(description="Look for faces only where something moves or somebody is in view."),
    ] = True
    partial: Annotated[
        bool,
        Meta(
            description="Look at part of the frame where that will do: where something moves or "
            "anybody is; left and right by turns while nobody is known. Detector far only."
        ),
    ] = True
    sweep_s: Annotated[
        Seconds,
        Meta(
            description="Look at the whole frame at least this often, for whoever stands too still "
            "to be noticed."
        ),
    ] = 2.0
    hold_s: Annotated[
        float, Meta(ge=0, description="Go on looking for so long after something moved.")
    ] = 1.0
    steady_fps: Annotated[
        float,
        Meta(gt=0, le=120, description="Looks a second while all in view hardly move."),
    ] = 5.0


class Governor(Section, frozen=True):
    """Keeps the device cool: looks for faces less often when it is too hot or too busy."""

    temperature_max_celsius: Annotated[
        float, Meta(ge=40, le=100, description="From here on faces are looked for less often.")
    ] = 75.0
    cores_max: Annotated[
        Annotated[float, Meta(gt=0, le=64)] | None,
        Meta(description="Processor time vision may use, in cores; unset: no limit."),
    ] = None
    detect_fps_min: Annotated[
        float, Meta(gt=0, le=120, description="Faces are looked for at least this often.")
    ] = 2.0


class Space(Section, frozen=True):
    """Areas and lines of the frame: [[space.zones]] and [[space.lines]] tables."""

    zones: Annotated[tuple[Zone, ...], Meta(max_length=16, description="Areas.")] = ()
    lines: Annotated[tuple[Line, ...], Meta(max_length=16, description="Counting lines.")] = ()

    def __post_init__(self) -> None:
        for kind, places in (("zones", self.zones), ("lines", self.lines)):
            names = [place.name for place in places]
            if len(set(names)) < len(names):
                raise ValueError(f"expected names that differ among the {kind}")


class Window(Section, frozen=True):
    """How counts are summed over time."""

    length_s: Annotated[
        float,
        Meta(ge=1, le=86_400, description="Length of a window, aligned to the wall clock."),
    ] = 60.0


class Privacy(Section, frozen=True):
    """What is folded before anything is stored."""

    k: Annotated[
        int,
        Meta(
            ge=1,
            description="Detail told of fewer people than this is folded: 1 (none) for a home, "
            "5 or more for a public place.",
        ),
    ] = 1
    state: Annotated[
        Literal["folded", "exact"],
        Meta(
            description="With k above 1 the live state tells of fewer than k in view nothing, not "
            "even whether there is anybody (folded), or how many there are (exact).",
        ),
    ] = "folded"
    epsilon: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="Differential privacy: each window's totals get noise for this ε, and "
            "cells, presence, dwell and places are not told. Needs the extra `privacy`.",
        ),
    ] = None
