"""The `counts` message: one window, as a type, a flat JSON object and a JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct

from edge.messages.bands import SCHEMES, TOLD_GENDERS, UNKNOWN, cell_key
from edge.messages.fields import (
    SCHEMA,
    Amount,
    Name,
    Numbering,
    Offset,
    People,
    Timestamp,
    Whole,
)
from edge.messages.flat import encode_flat, flat_schema

PLACE_PATTERN = r"^(zone|line)_[a-z0-9_]{1,32}_(people|in|out)$(?!\n)"
PLACES_MAX = 48
"""16 zones, and 16 lines with two ways each."""
PlaceKey = Annotated[str, Meta(max_length=48, pattern=PLACE_PATTERN)]
Folding = Annotated[str, Meta(max_length=24, pattern=r"^(none|rounding|noise):[0-9]+$(?!\n)")]

VIEW_FLAGS = (
    "view_dark",
    "view_covered",
    "view_frozen",
    "view_blurred",
    "view_moved",
    "view_faces_too_small",
    "view_faces_cut",
)
"""What can be wrong with the camera's view; the last two take faces to be told."""

_BANDS = tuple(band for bands in SCHEMES.values() for band in bands)
AGE_TOTALS = tuple(f"age_{age}" for age in (*_BANDS, UNKNOWN))
CELLS = tuple(cell_key(gender, age) for gender in TOLD_GENDERS for age in (*_BANDS, UNKNOWN))
ESTIMATED = (*TOLD_GENDERS, *(f"age_{age}" for age in _BANDS))


class CountsHead(Struct, frozen=True, kw_only=True):
    """One window: who was counted between `start` and `end`. Cells follow as further keys.

    (site, device, numbering, seq) is the window's key for ever: `seq` has no gaps under a
    `numbering`, which is made with the outbox and kept in it. A window that could not be sent as
    it was is sent empty with `lost` true. `observed_s` tells how much of the window the camera
    really looked; `timezone` is local time's offset from the stamps, at `end`.

    `people` is exact. With fewer of them than the threshold k all else about them is null; else
    people = female + male + gender_unknown = the sum over the bands of the scheme that `bands`
    names, and every cell, total and complement is 0 or at least k: 0 means "nobody, or fewer than
    k", and …_unknown that the network could not tell, or rounding. `folding` names the method and
    k; a window that was folded under an earlier schema says so in `folded_as`.
    """

    schema: Literal[2] = SCHEMA
    numbering: Numbering = "000000000000"
    seq: Whole
    boot: Name
    start: Timestamp
    end: Timestamp
    timezone: Offset | None = None
    window_s: Amount
    observed_s: Amount
    frames_seen: Whole | None = None
    frames_skipped: Whole | None = None
    clock_synced: bool
    lost: bool = False
    folding: Folding | None = None
    folded_as: Literal[1, 2] = SCHEMA
    bands: Literal["fine", "coarse"] = "fine"
    people: People
    female: People | None = None
    male: People | None = None
    gender_unknown: People | None = None
    present_max: People | None = None
    present_mean: Amount | None = None
    dwell_s_mean: Amount | None = None
    attention_s_mean: Amount | None = None
    passers: People | None = None
    """People who went by without showing a face; null where they are not counted."""
    not_faces: People | None = None
    """Visits dropped because what was followed turned out to be no face."""
    model: Name
    places: Annotated[dict[PlaceKey, People | None], Meta(max_length=PLACES_MAX)] = {}
    """Zones and lines; `encode_counts` lays them flat beside the other keys."""


def _define_counts() -> type[CountsHead]:
    flags: list[tuple[str, Any, Any]] = [(name, bool | None, None) for name in VIEW_FLAGS]
    people = [(name, People | None, None) for name in (*AGE_TOTALS, *CELLS)]
    estimates = [
        (f"est_{name}{bound}", Amount | None, None)
        for name in ESTIMATED
        for bound in ("", "_low", "_high")
    ]
    counts = msgspec.defstruct(
        "Counts",
        [*flags, *people, *estimates],
        bases=(CountsHead,),
        frozen=True,
        kw_only=True,
        module=__name__,
        namespace={"__doc__": CountsHead.__doc__},
    )
    return cast(type[CountsHead], counts)


Counts = _define_counts()
"""The `counts` message: `CountsHead` plus the totals and cells named in the tables above."""


def encode_counts(counts: CountsHead) -> bytes:
    """The flat JSON object that a consumer receives."""
    return encode_flat(counts, "places")


def counts_schema() -> dict[str, Any]:
    """The JSON Schema of `counts`; keys beyond it are places (`zone_…`, `line_…`) only."""
    value = {"type": ["integer", "null"], "minimum": 0}
    return flat_schema(Counts, "places", PLACE_PATTERN, value)


def lost_window(seq: int, numbering: str, boot: str, start: str, end: str) -> CountsHead:
    """What is sent under the number of a window that could not be sent as it was."""
    return Counts(
        seq=seq,
        numbering=numbering,
        boot=boot,
        start=start,
        end=end,
        window_s=0.0,
        observed_s=0.0,
        clock_synced=False,
        lost=True,
        people=0,
        model="unknown",
    )
