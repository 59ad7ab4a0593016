"""What a message must be to be a window, and what is kept of any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.messages.checking import contradiction
from hub.message import KEPT_BYTES, KEYS, Refused, Window, read
from tests.hub.support import TOPIC, changed, payload

SCHEMA = Path(__file__).parents[2] / "edge/messages/schemas/counts.json"
PUBLISHED = jsonschema.Draft202012Validator(msgspec.json.decode(SCHEMA.read_bytes()))


def reason(message: bytes, topic: str = TOPIC) -> str:
    found = read(topic, message)
    return found.reason if isinstance(found, Refused) else ""


def test_a_window_is_read_with_the_site_and_device_of_its_topic() -> None:
    """Whose a window is, its topic says: the broker lets a device write its own only."""
    found = read("fleet/v2/north.1/door-2/counts", payload(7, places={"zone_till_people": None}))
    assert isinstance(found, Window)
    assert (found.site, found.device, found.counts.seq) == ("north.1", "door-2", 7)
    assert found.counts.places == {"zone_till_people": None}


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("agender/v2/shop/door/health", "the topic is not"),
        ("agender/v1/shop/door/counts", "the topic is not"),
        ("agender/v2/shop/door/inner/counts", "the topic is not"),
        ("agender/v2//door/counts", "the site in the topic is no name"),
        ("agender/v2/shop/do or/counts", "the device in the topic is no name"),
        ("agender/v2/" + "x" * 65 + "/door/counts", "the site in the topic is no name"),
        ("", "the topic is not"),
    ],
)
def test_a_topic_of_another_form_is_refused(topic: str, expected: str) -> None:
    assert reason(payload(), topic).startswith(expected)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", "Input data was truncated"),
        (b"\x00\xff\xfe", "JSON is malformed"),
        (b"[1]", "Expected `object`, got `array`"),
        (b'{"a":' * 100_000, "recursion"),
        (changed(drop=["people"]), "a key is missing: people"),
        (changed(photo="aGVsbG8"), "a key is unknown: photo"),
        (changed(zone_till_people="many"), "Expected `int | null`, got `str`"),
        (changed(seq=-1), "Expected `int` >= 0"),
        (changed(numbering="ABC"), "Expected `str` matching regex"),
        (changed(people=4), "the genders or the bands do not add up to the people"),
        (changed(start="2026-13-01T00:00:00.000Z"), "start is no moment from 1970"),
        (changed(start="0001-01-01T00:00:00.000Z"), "start is no moment from 1970"),
        (changed(window_s=1e9), "the window is longer than"),
        (changed(site="elsewhere"), "the site in the payload is not the one in the topic"),
        (changed(device="other"), "the device in the payload is not the one in the topic"),
        (changed(model="a\0b"), "Expected `str` matching regex"),
        (changed(folding="rounding:5"), "it tells of fewer than 5 people"),
    ],
)
def test_a_payload_that_breaks_a_rule_is_refused_with_the_rule(
    message: bytes, expected: str
) -> None:
    assert expected in reason(message)


def test_a_payload_may_name_its_own_site_and_device() -> None:
    """Bridges between brokers add them; they are right where they say what the topic says."""
    assert isinstance(read(TOPIC, changed(site="shop", device="door")), Window)


def test_of_a_huge_message_the_beginning_is_kept_and_its_size() -> None:
    found = read(TOPIC, b"x" * 1_000_000)
    assert isinstance(found, Refused)
    assert (len(found.payload), found.size) == (KEPT_BYTES, 1_000_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@settings(max_examples=60)
@given(key=st.sampled_from([*sorted(KEYS), "zone_a_people", "line_b_in", "zone__"]), value=JSON)
def test_what_is_taken_is_what_the_published_schema_takes(key: str, value: Any) -> None:
    """But for what a schema can't tell: sums, moments, bounds of places, 1.0 in place of 1."""
    flat = msgspec.json.decode(changed(**{key: value}), type=dict[str, Any])
    by_schema = PUBLISHED.is_valid(flat)
    taken = isinstance(read(TOPIC, msgspec.json.encode(flat)), Window)
    assert by_schema or not taken
    beyond = key in ("start", "end", "window_s", "observed_s", "zone_a_people", "line_b_in")
    if by_schema and not beyond and not isinstance(value, float):
        assert taken == (not contradiction(flat))


@given(st.binary(max_size=300), st.text(max_size=80))
def test_any_bytes_under_any_topic_are_judged(message: bytes, topic: str) -> None:
    """Nothing that a broker hands on raises, and what is kept of it any database can hold."""
    found = read(topic, message)
    assert isinstance(found, Refused)
    for kept in (found.reason, found.topic):
        assert kept.isprintable()
        assert kept.isascii()


@given(st.data())
def test_a_window_with_any_byte_changed_is_judged(data: st.DataObject) -> None:
    """Damage on the way makes a window or a refused message, and never an error."""
    message = bytearray(payload())
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] = data.draw(st.integers(0, 255))
    assert isinstance(read(TOPIC, bytes(message)), Window | Refused)
