"""The configuration of following and placing people."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

from msgspec import Meta

from edge.config.places import Line, Zone, overlap
from edge.config.section import Seconds, Section

GHOST_FORGET_S = 3600.0
"""For how long it is remembered where a face never moved; no key changes it."""


class Tracking(Section, frozen=True):
    """How detections become people, and how closely each is looked at."""

    confirm_s: Annotated[
        float, Meta(ge=0, description="A face seen for less than this is nobody.")
    ] = 0.3
    confirm_hits: Annotated[
        int, Meta(ge=1, description="A face seen less often than this is nobody.")
    ] = 3
    patience_s: Annotated[
        Seconds, Meta(description="How long a face may be lost before its visit is closed.")
    ] = 1.5
    resume_s: Annotated[
        Seconds,
        Meta(
            description="A face lost away from the picture's edges goes on as the same visit when "
            "it shows again within this time near where it was, and no other face is near."
        ),
    ] = 4.0
    face_min_px: Annotated[
        float,
        Meta(ge=0, description="A face less high than this in a picture 640 wide is nobody."),
    ] = 13.0
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
    ] = 8


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
    """Keeps the device cool: lowers detector.looks_per_s when it is too hot or too busy."""

    temperature_max_celsius: Annotated[
        float, Meta(ge=40, le=100, description="From here on faces are looked for less often.")
    ] = 75.0
    cores_max: Annotated[
        Annotated[float, Meta(gt=0, le=64)] | None,
        Meta(description="Processor time vision may use, in cores; unset: no limit."),
    ] = None
    detect_fps_min: Annotated[
        float,
        Meta(
            gt=0,
            le=120,
            description="Faces are looked for at least this often, or detector.looks_per_s where "
            "that is less.",
        ),
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

    @property
    def overlapping(self) -> tuple[str, str] | None:
        """The names of two counted zones that share a part of the frame, if there are such."""
        counted = [zone for zone in self.zones if zone.use == "count"]
        for one, other in combinations(counted, 2):
            if overlap(one.polygon, other.polygon):
                return one.name, other.name
        return None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that a window tells of these places."""
        zones = [f"zone_{zone.name}_people" for zone in self.zones if zone.use == "count"]
        return (
            *zones,
            *(f"line_{line.name}_{way}" for line in self.lines for way in ("in", "out")),
        )
