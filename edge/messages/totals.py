"""The `totals` message: plain sums of told windows, since ever and since local midnight."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct

from edge.messages.bands import TOLD_GENDERS
from edge.messages.counts import AGE_TOTALS, CountsHead
from edge.messages.fields import SCHEMA, Numbering, Timestamp, Whole
from edge.messages.flat import encode_flat, flat_schema

LINE_PATTERN = r"^(ever|today)_line_[a-z0-9_]{1,32}_(in|out)$(?!\n)"
SUMS = ("people", "people_untold", *TOLD_GENDERS, "gender_unknown", *AGE_TOTALS)
"""What is summed of every window; lines come beside it."""
SPANS = ("ever", "today")


class TotalsHead(Struct, frozen=True, kw_only=True):
    """Sums over all windows that the broker has: `ever_…` since `since`, `today_…` of `day`.

    Each value is a plain sum of what windows tell; what they do not tell (null) adds nothing, and
    `…_people_untold` says how many people were in such windows. So no difference of two messages
    tells more than the windows between them do. `seq` under `numbering` is the last window in it.
    `midnight` is when `day` began by local time. A window belongs to the day in which it starts.
    """

    schema: Literal[2] = SCHEMA
    time: Timestamp
    numbering: Numbering
    seq: Whole
    since: Timestamp
    day: Annotated[str, Meta(max_length=10, pattern=r"^\d{4}-\d\d-\d\d$(?!\n)")]
    midnight: Timestamp
    lines: dict[str, Whole] = {}
    """Lines; `encode_totals` lays them flat beside the other keys."""


Totals = cast(
    type[TotalsHead],
    msgspec.defstruct(
        "Totals",
        [(f"{span}_{name}", Whole) for span in SPANS for name in SUMS],
        bases=(TotalsHead,),
        frozen=True,
        kw_only=True,
        module=__name__,
        namespace={"__doc__": TotalsHead.__doc__},
    ),
)
"""The `totals` message: `TotalsHead` plus the sums."""


def encode_totals(totals: TotalsHead) -> bytes:
    """The flat JSON object that a consumer receives."""
    return encode_flat(totals, "lines")


def decode_totals(payload: bytes) -> TotalsHead:
    """What `encode_totals` made; MsgspecError where it is something else."""
    flat: dict[str, Any] = msgspec.json.decode(payload, type=dict[str, Any])
    lines = {name: flat.pop(name) for name in list(flat) if "_line_" in name}
    return msgspec.convert(flat | {"lines": lines}, Totals)


def totals_schema() -> dict[str, Any]:
    """The JSON Schema of `totals`; keys beyond it are lines only."""
    return flat_schema(Totals, "lines", LINE_PATTERN, {"type": "integer", "minimum": 0})


def told_by(counts: CountsHead) -> dict[str, int]:
    """What one window adds to the sums, nothing that is 0; noise adds nothing at all."""
    if (counts.folding or "").startswith("noise"):
        return {}
    told = {name: getattr(counts, name, None) or 0 for name in SUMS}
    if counts.female is None:
        told["people_untold"] = counts.people
    told |= {name: people or 0 for name, people in counts.places.items() if name[:5] == "line_"}
    return {name: people for name, people in told.items() if people}
