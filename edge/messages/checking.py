"""A window as it lies in the outbox → what may be sent of it, or an empty one under its number.

The outbox can be damaged, and written by whoever has taken over vision: nothing that is read there
is believed. A window is sent where it fits the message's type, each text and number within its
bounds, its sums agree, and neither its table nor anything beside it tells of fewer people than the
threshold that it names; places that the configuration does not name are left out, for their names
would carry anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from edge.messages.bands import TOLD_GENDERS, ages_of, cell_key
from edge.messages.counts import Counts, CountsHead, encode_counts, lost_window
from edge.messages.fields import Name, Numbering, Timestamp, timestamp

ALWAYS = frozenset((
    "schema", "numbering", "seq", "boot", "start", "end", "timezone", "window_s", "observed_s",
    "clock_synced", "lost", "folding", "folded_as", "bands", "people", "model", "places",
))  # fmt: skip
"""What is told of a window with fewer people than the threshold; of its places no number."""

MAX_BYTES = 16_384
"""Of one encoded window; the longest right one has some 9,000."""

YEARS = range(1970, 9999)
"""Of a stamp; in the last year that there is, local time and the next midnight may be none."""


class Sendable(NamedTuple):
    """A window, its JSON, and why it is an empty one; the reason is empty where it is not."""

    counts: CountsHead
    payload: bytes
    refusal: str = ""


def sendable(counts: CountsHead, places: Collection[str], numbering: str) -> Sendable:
    """The window if it is right, else an empty one; `numbering` is the outbox's own."""
    found = {key: people for key, people in counts.places.items() if key in places}
    known = msgspec.structs.replace(counts, places=found)
    try:
        payload = _checked(known)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
        empty = _emptied(counts, numbering)
        return Sendable(empty, encode_counts(empty), str(error)[:200] or "it makes no sense")
    return Sendable(known, payload)


def _checked(counts: CountsHead) -> bytes:
    """The window's JSON; ValueError names the rule that it breaks."""
    values = msgspec.structs.asdict(counts)
    msgspec.convert(values, Counts)
    for key in ("start", "end"):
        if not _is_moment(values[key]):
            raise ValueError(f"{key} is no moment from {YEARS[0]} to {YEARS[-1]}")
    if not counts.lost and (trouble := contradiction(values)):
        raise ValueError(trouble)
    payload = encode_counts(counts)
    if len(payload) > MAX_BYTES:
        raise ValueError(f"it has {len(payload)} bytes, more than {MAX_BYTES}")
    return payload


def contradiction(values: Mapping[str, Any]) -> str:
    """Which rule the sums of a window break; empty where they agree."""
    bands = ages_of(values["bands"])
    genders = [values[key] for key in (*TOLD_GENDERS, "gender_unknown")]
    ages = [values[f"age_{band}"] for band in bands]
    cells = [[values[cell_key(gender, band)] for band in bands] for gender in TOLD_GENDERS]
    told = [*genders, *ages]
    k = _threshold(values)
    if None in told:
        if {*told, *cells[0], *cells[1]} != {None}:
            return "only some of the totals are told"
        return f"it tells more of fewer than {k} people" if k > 1 and _tells_more(values) else ""
    if not sum(genders) == sum(ages) == values["people"]:
        return "the genders or the bands do not add up to the people"
    if None not in (*cells[0], *cells[1]):  # under noise there are none
        rest = [age - sum(column) for age, *column in zip(ages, *cells, strict=True)]
        if genders[:2] != [sum(row) for row in cells] or min(rest) < 0:
            return "the cells do not add up to their gender and band"
        told += [*cells[0], *cells[1], *rest]
    few = any(0 < n < k for n in told) or (k > 1 and _few_beside(values, k))
    return f"it tells of fewer than {k} people" if few else ""


def _tells_more(values: Mapping[str, Any]) -> bool:
    """Whether anything is told beside what always is."""
    told = {key for key, value in values.items() if value is not None}
    return bool(told - ALWAYS) or any(n is not None for n in _places(values).values())


def _few_beside(values: Mapping[str, Any], k: int) -> bool:
    """Whether a number beside the table tells of few, as mean presence does of any number."""
    if values["present_mean"] is not None:
        return True
    if any(n is not None and n < k for n in (values["present_max"], values["passers"])):
        return True
    people = values["people"]
    return any(
        n is not None and not _right_place(key, n, people, k) for key, n in _places(values).items()
    )


def _right_place(key: str, count: int, people: int, k: int) -> bool:
    """Whether a zone's people or a line's crossings are nobody, everybody, or not few."""
    if key.startswith("line_"):
        return count == 0 or count >= k
    return people >= 2 * k and (count in (0, people) or k <= count <= people - k)


def _places(values: Mapping[str, Any]) -> Mapping[str, int | None]:
    places: Mapping[str, int | None] = values.get("places") or {}
    return places


def _threshold(values: Mapping[str, Any]) -> int:
    """The k that a window was folded under; 1 where it does not say so, as an older one."""
    folding = str(values["folding"] or "")
    return int(folding.partition(":")[2] or 1)


def _emptied(counts: CountsHead, numbering: str) -> CountsHead:
    """The empty window under the same number, with what of its head is right."""
    now = timestamp(0)
    return lost_window(
        counts.seq,
        right(counts.numbering, Numbering, numbering),
        right(counts.boot, Name, "unknown"),
        _moment(counts.start, now),
        _moment(counts.end, now),
    )


def _moment(value: Any, otherwise: str) -> str:
    """A stamp where it is one, else another."""
    stamp: str = right(value, Timestamp, otherwise)
    return stamp if _is_moment(stamp) else otherwise


def _is_moment(stamp: str) -> bool:
    """Whether what has a stamp's form is a moment, of a year whose days can be told."""
    try:
        return datetime.fromisoformat(stamp).year in YEARS
    except ValueError:
        return False


def right(value: Any, kind: Any, otherwise: Any) -> Any:
    """A value where it is of a kind of `edge.messages.fields`, else another."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return otherwise
