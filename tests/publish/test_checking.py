"""Windows are checked before they leave: type, sums, threshold, places."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.messages.checking import MAX_BYTES, contradiction, sendable
from edge.messages.counts import AGE_TOTALS, CELLS, VIEW_FLAGS, Counts, encode_counts
from edge.messages.fields import NUMBER_MAX
from tests.publish.support import (
    NO_MOMENTS,
    counts,
)

ZERO = "000000000000"

PLACES = ("zone_shop_people", "line_door_in")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"people": -1}, "people"),
        ({"people": 10**7}, "people"),
        ({"people": "3"}, "people"),
        ({"people": 3.5}, "people"),
        ({"people": None}, "people"),
        ({"window_s": float("nan")}, "window_s"),
        ({"window_s": float("inf")}, "window_s"),
        ({"observed_s": -1.0}, "observed_s"),
        ({"start": "yesterday"}, "start"),
        ({"end": "2026-01-01T00:01:00.000Z\n"}, "end"),
        *(({key: text}, key) for key in ("start", "end") for text in NO_MOMENTS),
        ({"boot": "x" * 65}, "boot"),
        ({"boot": "ÿØÿà"}, "boot"),
        ({"model": "a b"}, "model"),
        ({"numbering": "a" * 13}, "numbering"),
        ({"timezone": "Europe/Berlin"}, "timezone"),
        ({"folding": "rounding:5; and a picture"}, "folding"),
        ({"bands": "finer"}, "bands"),
        ({"schema": 1}, "schema"),
        ({"lost": 7}, "lost"),
        ({"clock_synced": None}, "clock_synced"),
        ({"not_faces": NUMBER_MAX}, "not_faces"),
        ({"est_female": -0.5}, "est_female"),
        ({"female": 2}, "do not add up to the people"),
        ({"age_25_34": 1}, "do not add up to the people"),
        ({"male": None}, "only some of the totals"),
        ({"age_18_24": None}, "only some of the totals"),
        ({"female": None, "male": None, "gender_unknown": None}, "only some of the totals"),
        ({"female_25_34": 0}, "the cells do not add up"),
        ({"female_25_34": 0, "female_18_24": 1}, "the cells do not add up"),
        ({"folding": "rounding:2"}, "it tells of fewer than 2 people"),
        ({"places": {"zone_shop_people": -1}}, "places"),
        ({"places": {"zone_shop_people": "7"}}, "places"),
    ],
)
def test_a_window_that_breaks_a_rule_is_sent_empty(changes: dict[str, Any], reason: str) -> None:
    """Under its own number, saying that it was lost; the reason is for the log."""
    window = msgspec.structs.replace(counts(3, seq=9, numbering=ZERO), **changes)
    sent = sendable(window, PLACES, "aaaaaaaaaaaa")
    assert reason in sent.refusal
    told = msgspec.json.decode(sent.payload)
    assert (told["seq"], told["lost"], told["people"], told["female"]) == (9, True, 0, None)
    assert len(sent.payload) < 6_000
    msgspec.json.decode(sent.payload, type=Counts)


CROWD = {
    "people": 12, "female": 6, "male": 6, "gender_unknown": 0, "age_25_34": 12, "age_unknown": 0,
    "female_25_34": 6, "male_25_34": 6, "folding": "rounding:5",
}  # fmt: skip

FEW = dict.fromkeys(
    ("female", "male", "gender_unknown", *AGE_TOTALS, *CELLS, "frames_seen", "frames_skipped")
) | {"people": 2, "folding": "rounding:5"}  # fmt: skip


@pytest.mark.parametrize(
    ("right", "changes"),
    [
        *((CROWD, {key: few}) for key in ("present_max", "passers") for few in (0, 1, 4)),
        (CROWD, {"present_mean": 0.4}),
        *((CROWD, {"places": {"zone_shop_people": few}}) for few in (1, 4, 8, 11, 13)),
        *((CROWD, {"places": {"line_door_in": few}}) for few in (1, 4)),
        *((FEW, {key: 1}) for key in ("present_max", "passers", "not_faces", "frames_seen")),
        *((FEW, {key: 1.0}) for key in ("dwell_s_mean", "attention_s_mean", "est_female")),
        *((FEW, {key: False}) for key in VIEW_FLAGS),
        *((FEW, {"places": {key: 0}}) for key in PLACES),
    ],
)
def test_nothing_beside_the_table_tells_of_few(right: dict[str, Any], changes: Any) -> None:
    """Not by a number under the threshold, nor by anything at all of so few people."""
    assert sendable(counts(3, seq=9, **right), PLACES, ZERO).refusal == ""
    told = sendable(counts(3, seq=9, **right | changes), PLACES, ZERO)
    assert "fewer than 5 people" in told.refusal


def test_what_of_a_broken_windows_head_is_right_is_kept() -> None:
    """So that a consumer knows when it was that nobody knows anything of."""
    right = counts(3, seq=9, numbering="0123456789ab")
    told = msgspec.json.decode(
        sendable(msgspec.structs.replace(right, people=-1), (), ZERO).payload
    )
    assert (told["start"], told["end"], told["boot"]) == (right.start, right.end, "b1")
    assert told["numbering"] == "0123456789ab"
    wrong = msgspec.structs.replace(right, numbering="?", start="?", boot="?")
    told = msgspec.json.decode(sendable(wrong, (), ZERO).payload)
    assert (told["numbering"], told["boot"]) == (ZERO, "unknown")
    for text in NO_MOMENTS:
        wrong = msgspec.structs.replace(right, start=text)
        told = msgspec.json.decode(sendable(wrong, (), ZERO).payload)
        assert (told["start"], told["end"]) == ("1970-01-01T00:00:00.000Z", right.end)


@pytest.mark.parametrize("year", [1970, 9998])
def test_a_clock_far_off_is_still_a_clock(year: int) -> None:
    """A device without one starts in 1970; the bounds leave room for local time alone."""
    stamps = {"start": f"{year}-01-01T00:00:00.000Z", "end": f"{year}-12-31T23:59:59.999Z"}
    assert sendable(counts(3, seq=9, **stamps), PLACES, ZERO).refusal == ""


@given(st.integers(2, 9), st.data())
def test_a_right_window_is_sent_as_it_is(people: int, data: Any) -> None:
    """Whatever its numbers are, as long as they agree."""
    women = data.draw(st.integers(0, people))
    window = counts(
        0, seq=1, people=people, female=women, male=people - women, gender_unknown=0,
        age_25_34=people, age_unknown=0, female_25_34=women, male_25_34=people - women,
        dwell_s_mean=data.draw(st.floats(0, 1e6)), places=dict.fromkeys(PLACES, people),
    )  # fmt: skip
    sent = sendable(window, PLACES, ZERO)
    assert (sent.refusal, sent.counts) == ("", window)
    assert sent.payload == encode_counts(window)
    assert len(sent.payload) < MAX_BYTES


def test_places_that_the_configuration_does_not_name_are_left_out() -> None:
    """A name would carry anything: 32 characters in each of thousands."""
    window = counts(0, seq=1, places={"zone_shop_people": 2, "zone_ffd8ffe000104a46_people": 1})
    sent = sendable(window, PLACES, ZERO)
    assert sent.refusal == ""
    assert b"ffd8ffe0" not in sent.payload
    assert b'"zone_shop_people":2' in sent.payload


def test_few_people_and_a_threshold_are_no_contradiction() -> None:
    """Nothing told of them is nothing that could disagree."""
    values = msgspec.structs.asdict(counts())
    untold = {key: None if value == 0 or key in values else value for key, value in values.items()}
    assert contradiction(untold | {"bands": "fine", "people": 2, "folding": "rounding:5"}) == ""
