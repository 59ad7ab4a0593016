"""Zones and lines as a person configures them, in fractions of the frame: x right, y down."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Fraction = Annotated[float, Meta(ge=0, le=1)]
Spot = tuple[Fraction, Fraction]
PlaceName = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,32}$")]


class Zone(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An area of the frame, by its corners in order.

    `count` counts the people who were in it; `exclude` hides it from the product, `include`
    hides everything outside the included areas.
    """

    name: Annotated[PlaceName, Meta(description="Becomes the key zone_NAME_people.")]
    polygon: Annotated[
        tuple[Spot, ...], Meta(min_length=3, description="Corners [x, y], each 0..1, in order.")
    ]
    use: Annotated[
        Literal["count", "include", "exclude"], Meta(description="What the area is for.")
    ] = "count"


class Line(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line to count crossings at. Seen from `start` to `end`, crossing to the left is "in"."""

    name: Annotated[PlaceName, Meta(description="Becomes line_NAME_in and line_NAME_out.")]
    start: Annotated[Spot, Meta(description="One end, [x, y].")]
    end: Annotated[Spot, Meta(description="The other end, [x, y].")]
    hysteresis: Annotated[
        float,
        Meta(gt=0, le=0.25, description="How far beyond the line counts, in frame widths."),
    ] = 0.02
    angle_min_deg: Annotated[
        float,
        Meta(ge=0, lt=90, description="Flatter crossings than this do not count."),
    ] = 20.0

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("expected a start and an end that differ")
