"""The door to vision is believed nothing: long texts, wild numbers, floods."""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.told import Privacy
from edge.messages.counts import Counts
from edge.messages.live import (
    FromVision,
    HealthNow,
    Hello,
    PublisherSocket,
    StateNow,
    VisionSocket,
)
from edge.messages.messages import Health, ModelInfo, Response
from edge.privacy.presence import in_view
from edge.publish.live_state import LiveState
from edge.publish.outgoing import Outgoing
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    drive,
    health,
    make_publisher,
    state,
)

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
