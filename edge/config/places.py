"""Zones and lines as a person configures them, in fractions of the frame: x right, y down."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise, product
from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.config.section import Share

Spot = tuple[Share, Share]
PlaceName = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,32}$(?!\n)")]

AREA_MIN = 1e-4
"""Least area of a zone, as a share of the frame: that of a hundredth of its width and height."""

TINY = 1e-12
"""What rounding leaves of an area that is none."""

GRID = 40


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

    def __post_init__(self) -> None:
        if not _encloses(self.polygon):
            # A mask that hides nothing would look like one that hides something.
            raise ValueError(
                "expected corners, in order, of an area whose edges neither cross nor touch"
            )


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


def overlap(one: Sequence[Spot], other: Sequence[Spot]) -> bool:
    """Whether two areas share more than an edge, as far as a grid of GRID × GRID places tells."""
    shared = _box(one), _box(other)
    left, top = (max(a[i] for a in shared) for i in (0, 1))
    right, bottom = (min(a[i] for a in shared) for i in (2, 3))
    if left >= right or top >= bottom:
        return False
    steps = [(i + 0.5) / GRID for i in range(GRID)]
    places = product(steps, steps)
    return any(
        _inside((x, y), one) and _inside((x, y), other)
        for x, y in ((left + u * (right - left), top + v * (bottom - top)) for u, v in places)
    )


def _box(polygon: Sequence[Spot]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    across, down = [x for x, _ in polygon], [y for _, y in polygon]
    return min(across), min(down), max(across), max(down)


def _encloses(polygon: Sequence[Spot]) -> bool:
    """Whether the corners go round one area: edges meet at the corner they share, and only there.

    A corner may be named twice in a row, as where the last repeats the first.
    """
    edges = [(a, b) for a, b in _edges(polygon) if a != b]
    area = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in edges) / 2
    if abs(area) < AREA_MIN:
        return False
    neighbours = pairwise((*edges, edges[0]))
    apart = ((i, j) for i, j in combinations(range(len(edges)), 2) if 1 < j - i < len(edges) - 1)
    return not any(_turns_back(a, b, c) for (a, b), (_, c) in neighbours) and not any(
        _touch(*edges[i], *edges[j]) for i, j in apart
    )


def _edges(polygon: Sequence[Spot]) -> list[tuple[Spot, Spot]]:
    return list(pairwise((*polygon, polygon[0])))


def _inside(spot: Spot, polygon: Sequence[Spot]) -> bool:
    """Whether a place lies within: an odd number of edges is to its right."""
    crossed = False
    for a, b in _edges(polygon):
        if (a[1] > spot[1]) != (b[1] > spot[1]):
            crossed ^= (_turn(a, b, spot) > 0) == (b[1] > a[1])
    return crossed


def _touch(a: Spot, b: Spot, c: Spot, d: Spot) -> bool:
    """Whether the edges a–b and c–d share a place, be it an end of one."""
    if _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(_lies_on(*end) for end in ends)


def _lies_on(a: Spot, b: Spot, place: Spot) -> bool:
    """Whether a place lies on the edge a–b."""
    among = all(min(p, q) <= r <= max(p, q) for p, q, r in zip(a, b, place, strict=True))
    return among and abs(_turn(a, b, place)) < TINY


def _turns_back(a: Spot, b: Spot, c: Spot) -> bool:
    """Whether the way from a over b to c goes back on itself, enclosing nothing."""
    back = sum((q - p) * (r - q) for p, q, r in zip(a, b, c, strict=True)) < 0
    return back and abs(_turn(a, b, c)) < TINY


def _turn(a: Spot, b: Spot, c: Spot) -> float:
    """Twice the signed area of a triangle: on which side of a–b the place c lies."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
