"""Nothing read in the outbox or heard at the door is believed: what may leave is checked."""

from __future__ import annotations

import select
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.told import Privacy
from edge.messages.checking import MAX_BYTES, contradiction, sendable
from edge.messages.counts import AGE_TOTALS, CELLS, VIEW_FLAGS, Counts, encode_counts
from edge.messages.fields import NUMBER_MAX
from edge.messages.live import (
    FromVision,
    HealthNow,
    Hello,
    PublisherSocket,
    StateNow,
    VisionSocket,
)
from edge.messages.messages import Health, ModelInfo, Response
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.privacy.presence import in_view
from edge.publish.live_state import LiveState
from edge.publish.outgoing import Outgoing
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    health,
    make_publisher,
    state,
)

ZERO = "000000000000"
PLACES = ("zone_shop_people", "line_door_in")
NO_MOMENTS = (
    "2026-99-99T99:99:99.000Z", "2026-02-29T00:00:00.000Z", "2026-01-01T24:01:00.000Z",
    "2026-01-01T23:59:60.000Z", "0000-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
    "9999-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
"""They have a stamp's form."""


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


def stored(path: Path, change: str, *values: object) -> None:
    """Write into the outbox as whoever has taken over vision could."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA ignore_check_constraints = ON")
    database.executemany(change, [values]) if values else database.executescript(change)
    database.commit()
    database.close()


@pytest.fixture
def delivered(broker: Broker, subscriber: Subscriber, tmp_path: Path) -> Callable[..., list[Any]]:
    """What a subscriber hears of three windows, of which the second was tampered with."""

    def deliver(change: str, *values: object) -> list[Any]:
        path = tmp_path / FILE_NAME
        with Outbox(path) as outbox:
            for minute in range(3):
                outbox.append(counts(minute))
            stored(path, change, *values)
            publisher = make_publisher(config_for(tmp_path, broker.port))
            drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
            drive(publisher, lambda: len(subscriber.of("counts")) == 3)
            publisher.connection.close()
            assert outbox.depth() == 0
        return subscriber.of("counts")

    return deliver


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ("UPDATE windows SET people = ? WHERE seq = 2", (2**40,)),
        ("UPDATE windows SET boot = ? WHERE seq = 2", ("\x00JFIF" * 9,)),
        ("UPDATE windows SET start = ?, end = '' WHERE seq = 2", ("not a time",)),
        ("UPDATE windows SET start = ?, end = '' WHERE seq = 2", (NO_MOMENTS[0],)),
        ("UPDATE windows SET numbering = ? WHERE seq = 2", ("",)),
        ("UPDATE windows SET clock_synced = ? WHERE seq = 2", (7,)),
        ("UPDATE windows SET window_s = ? WHERE seq = 2", (9e300,)),
    ],
)
def test_a_tampered_window_blocks_nothing_and_its_number_is_sent_as_lost(
    delivered: Callable[..., list[Any]], change: str, values: tuple[object, ...],
    caplog: pytest.LogCaptureFixture, tmp_path: Path,
) -> None:  # fmt: skip
    """The others arrive as they are; it is counted, and said once."""
    heard = delivered(change, *values)
    assert [(window["seq"], window["lost"]) for window in heard] == [
        (1, False), (2, True), (3, False),
    ]  # fmt: skip
    assert len([r for r in caplog.records if "window 2 is sent empty" in r.getMessage()]) == 1
    with Outbox(tmp_path / FILE_NAME) as outbox:
        assert outbox.kept("refused") == 1


def test_a_thousand_places_carry_nothing(delivered: Callable[..., list[Any]]) -> None:
    """960 names of 30 letters each were 28.8 kB of anything in one message."""
    rows = "".join(
        f"INSERT INTO places VALUES (2, 'zone_{number:030x}_people', 1);" for number in range(960)
    )
    heard = delivered(rows)
    assert not [key for window in heard for key in window if key.startswith("zone_")]
    assert max(len(msgspec.json.encode(window)) for window in heard) < 6_000


BIG = "x" * 50_000
FAR = ModelInfo(name="far", task="detect", sha256="0" * 64)


@pytest.mark.parametrize(
    "record",
    [
        Hello(boot=BIG, camera_kind="picamera"),
        Hello(boot="b", camera_kind=BIG),
        Hello(boot="b", camera_kind="../../etc"),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, name=BIG),)),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, task=BIG),)),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, sha256=BIG),)),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, licence=BIG),)),
        Hello(boot="b", camera_kind="file", models=(FAR,) * 17),
        HealthNow(health=health(time=BIG)),
        HealthNow(health=health(temperature_celsius=1e9)),
        HealthNow(health=health(outbox_depth=2**60)),
        HealthNow(health=health(pause_reason=BIG)),
    ],
)  # fmt: skip
def test_the_door_takes_no_long_text_and_no_wild_number(tmp_path: Path, record: FromVision) -> None:
    """A 50 kB string in vision's hello reached `info` once."""
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as publisher:
        assert vision.send(record)
        assert publisher.receive() == []


@given(st.integers(2, 9), st.none() | st.integers(0, 30), st.none() | st.integers(0, 30), st.data())
def test_a_state_of_few_is_folded_whoever_says_it(
    k: int, present: int | None, attending: int | None, data: Any
) -> None:
    """Vision folds it; one that was taken over, or is of another release, may not."""
    live = LiveState(1.0, Privacy(k=k))
    live.take(StateNow(state=state(present=present, attending=attending)), 0.0)
    told = live.due_state(0.0)
    assert told is not None and told.present not in range(k)
    few = range(1, k)
    if told.attending is not None:
        assert told.present is not None and told.present > k
        assert told.attending not in few and told.present - told.attending not in few
    right = in_view(Privacy(k=k), *sorted(data.draw(st.tuples(*[st.integers(0, 30)] * 2)))[::-1])
    live.take(StateNow(state=state(present=right[0], attending=right[1])), 9.0)
    passed = live.due_state(9.0) or told
    assert (passed.present, passed.attending) == right, "what is right passes as it is"


@pytest.mark.parametrize("rules", [Privacy(state="off"), Privacy(epsilon=1.0)])
def test_no_state_is_heard_where_there_is_none_to_tell(rules: Privacy) -> None:
    """Neither by the broker nor by who reads the metrics, whoever sends it."""
    live = LiveState(1.0, rules)
    live.take(StateNow(state=state(present=1)), 0.0)
    assert live.state is None


def test_the_health_that_is_heard_tells_no_face_where_few_are_not_told() -> None:
    """At k = 1 it does."""
    heard = health(view_faces_cut=True, view_faces_too_small=False, frames_gated=9)
    for rules, told in ((Privacy(k=5), {None}), (Privacy(epsilon=1.0), {None}),
                        (Privacy(), {True, False, 9})):  # fmt: skip
        live = LiveState(1.0, rules)
        live.take(HealthNow(health=heard), 0.0)
        found = live.full_health(0.0, 0.0, dict)
        assert {found.view_faces_cut, found.view_faces_too_small, found.frames_gated} == told


def test_a_flood_of_hellos_is_an_info_a_second(
    broker: Broker, subscriber: Subscriber, tmp_path: Path
) -> None:
    """Each says something else, as vision may once it is taken over, and `info` is long."""
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as live:
        publisher = make_publisher(config_for(tmp_path, broker.port), live=live)
        drive(publisher, lambda: publisher.connection.up)
        sent: list[str] = []
        publisher.connection.publish = lambda message: sent.append(message.topic)  # type: ignore[assignment, method-assign, func-returns-value]
        begin_s, told = time.monotonic() + 100, []
        for after_s, hellos in ((0.0, 60), (0.5, 60), (0.9, 60), (1.1, 0), (1.2, 60), (20.0, 60)):
            for number in range(hellos):
                vision.send(Hello(boot=f"b{after_s:g}-{number}", camera_kind="file"))
            vision.send(HealthNow(health=health()))
            publisher.ready(live.fileno(), select.POLLIN, begin_s + after_s)
            told.append(sent.count(publisher.topics.info))
        assert told == [1, 1, 1, 2, 2, 3], "what was held back is told a second later"
        del publisher.connection.publish
        publisher.connection.close()


def test_no_text_in_any_message_is_without_a_bound() -> None:
    """Every str that crosses the door or leaves has a longest length, however deep it lies."""
    kinds = (Counts, Health, Hello, Response)
    _, parts = msgspec.json.schema_components(kinds)
    for name, part in parts.items():
        for key, schema in part.get("properties", {}).items():
            for option in (schema, *schema.get("anyOf", ())):
                if option.get("type") == "string":
                    assert "maxLength" in option or "enum" in option, f"{name}.{key}"
                if option.get("type") == "array":
                    assert "maxItems" in option, f"{name}.{key}"


def test_a_flood_of_malformed_datagrams_is_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With right records between them too."""
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as publisher:
        for _ in range(100):
            for _ in range(5):
                vision._socket.sendto(b"\xc1 no record", str(tmp_path / "publisher.sock"))
            vision.send(HealthNow(health=health()))
            assert len(publisher.receive()) == 1
    assert len(caplog.records) == 1


def test_a_record_of_our_own_that_breaks_its_type_is_not_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The last check is at the way out; it says so once."""
    outgoing = Outgoing()
    right = Response(time="2026-01-31T12:00:00.000Z", transaction=None, status="ok", result={})
    assert outgoing.encode(right) is not None
    for _ in range(5):
        assert outgoing.encode(msgspec.structs.replace(right, error="x" * 5000)) is None
    assert outgoing.encode(msgspec.structs.replace(right, result={"a": "x" * 200_000})) is None
    assert len(caplog.records) == 1
    assert outgoing.refused == 6
