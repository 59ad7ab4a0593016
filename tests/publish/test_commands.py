"""Requests and responses: what is obeyed, what is refused, what has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config import Commands as CommandSettings
from edge.live import Answer, Order, PublisherDoor, VisionDoor
from edge.outbox import FILE_NAME, Outbox
from edge.publish.commands import ANSWER_S, BURST, MAX_BYTES, VERBS, Commands, Hooks, Reply
from edge.publish.facts import memory_mb
from edge.publish.publisher import Publisher
from edge.schemas import message_schemas
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    wait_for,
)

BASE = "agender/v1/shop/door"


class Desk:
    """Commands with a vision that obeys (or is away) and a record of all that happened."""

    def __init__(self, *, vision_there: bool = True) -> None:
        self.orders: list[Order] = []
        self.replies: list[Reply] = []
        self.vision_there = vision_there
        own = dict.fromkeys(("identify", "snapshot-health", "outbox"), dict)
        self.commands = Commands(Hooks(self._order, own, self.replies.append), wall=lambda: 0.0)

    def _order(self, order: Order) -> bool:
        self.orders.append(order)
        return self.vision_there

    def ask(self, verb: str, payload: bytes, *, retained: bool = False, now_s: float = 0.0) -> None:
        self.commands.handle(verb, payload, retained=retained, now_s=now_s)

    @property
    def last(self) -> tuple[str, str, str | None, str | None]:
        verb, response = self.replies[-1]
        return verb, response.status, response.transaction, response.error


@pytest.mark.parametrize(
    ("verb", "payload", "length_s"),
    [
        ("pause", b'{"transaction":"t1"}', None),
        ("resume", b'{"transaction":"t1"}', None),
        ("window", b'{"transaction":"t1","length_s":30}', 30.0),
        ("reload", b'{"transaction":"t1"}', None),
    ],
)
def test_vision_s_verbs_are_handed_on_and_answered_when_it_answers(
    verb: str, payload: bytes, length_s: float | None
) -> None:
    """The order carries what was asked; the response comes with the caller's transaction."""
    desk = Desk()
    desk.ask(verb, payload)
    assert desk.replies == []
    assert desk.orders == [Order(id=1, verb=verb, length_s=length_s)]
    desk.commands.answered(Answer(id=1))
    assert desk.last == (verb, "ok", "t1", None)


def test_what_vision_can_t_do_is_answered_with_its_reason() -> None:
    """An error from vision reaches the caller in vision's words."""
    desk = Desk()
    desk.ask("reload", b'{"transaction":"x"}')
    desk.commands.answered(Answer(id=1, error="window.length_s = 0: expected at least 1"))
    assert desk.last == ("reload", "error", "x", "window.length_s = 0: expected at least 1")


def test_a_silent_vision_is_answered_for() -> None:
    """A request is answered in any case; a late answer from vision doesn't answer it twice."""
    desk = Desk()
    desk.ask("pause", b"")
    desk.commands.step(ANSWER_S - 0.1)
    assert desk.replies == []
    desk.commands.step(ANSWER_S)
    desk.commands.answered(Answer(id=1))
    assert [reply.response.error for reply in desk.replies] == ["vision did not answer in time"]


def test_without_vision_the_caller_is_told_at_once() -> None:
    """Nobody waits for a process that isn't there."""
    desk = Desk(vision_there=False)
    desk.ask("pause", b"")
    assert desk.last == ("pause", "error", None, "vision is not running")


@pytest.mark.parametrize(
    ("verb", "payload", "said"),
    [
        ("picture", b"{}", "there is no such request"),
        ("invalid", b"{}", "there is no such request"),
        ("pause", b"not json", "malformed"),
        ("pause", b"[]", "malformed"),
        ("pause", b'{"length_s": 5}', "unknown field"),
        ("pause", b'{"transaction": 5}', "malformed"),
        ("pause", b'{"transaction": "\\u001b[2J"}', "malformed"),
        ("pause", b"\xff\xfe", "malformed"),
        ("pause", b"[" * 4000, "malformed"),
        ("pause", b" " * (MAX_BYTES + 1), f"at most {MAX_BYTES} bytes"),
        ("window", b"{}", "length_s"),
        ("window", b'{"length_s": 0}', ">= 1"),
        ("window", b'{"length_s": 1e999}', "malformed"),
        ("window", b'{"length_s": "60"}', "malformed"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_obeyed(
    verb: str, payload: bytes, said: str
) -> None:
    """The answer names what is wrong; vision hears nothing."""
    desk = Desk()
    desk.ask(verb, payload)
    assert desk.orders == []
    assert desk.last[1] == "error"
    assert said in str(desk.last[3])


def test_a_retained_request_is_refused() -> None:
    """Obeyed, it would be carried out again at every connect."""
    desk = Desk()
    desk.ask("pause", b'{"transaction":"t"}', retained=True)
    assert desk.orders == []
    assert desk.last[:3] == ("pause", "error", "t")


def test_a_flood_is_cut_off_and_counted() -> None:
    """Of a thousand requests in a moment a burst is answered; the rest costs nothing."""
    desk = Desk()
    for _ in range(1000):
        desk.ask("identify", b"", now_s=1.0)
    assert len(desk.replies) == BURST
    assert desk.commands.refused == 1000 - BURST
    desk.ask("identify", b"", now_s=2.0)
    assert len(desk.replies) == BURST + 1


WITHIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
HOSTILE = st.one_of(
    st.binary(max_size=200),
    WITHIN_JSON.map(lambda value: msgspec.json.encode(_json_able(value))),
    st.fixed_dictionaries(
        {},
        optional={"transaction": WITHIN_JSON, "length_s": WITHIN_JSON, "path": st.text(max_size=9)},
    ).map(lambda value: msgspec.json.encode(_json_able(value))),
)


def _json_able(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.encode("utf-8", "replace").decode(): _json_able(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_json_able(part) for part in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


VERB = st.sampled_from((*VERBS, "invalid")) | st.from_regex(r"[a-z][a-z-]{0,31}", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(verb=VERB, payload=HOSTILE, retained=st.booleans())
def test_any_request_gets_one_valid_answer_or_is_an_order(
    verb: str, payload: bytes, retained: bool
) -> None:
    """Whatever comes: no exception, and either one order for vision or one valid response."""
    desk = Desk()
    desk.ask(verb, payload, retained=retained)
    assert len(desk.orders) + len(desk.replies) == 1
    for order in desk.orders:
        assert order.verb == verb
        assert order.length_s is None or 1 <= order.length_s <= 86_400
    for reply in desk.replies:
        response = msgspec.json.decode(msgspec.json.encode(reply.response))
        jsonschema.validate(response, message_schemas()["response"])


@pytest.fixture
def publisher(broker: Broker, tmp_path: Path) -> Iterator[tuple[Publisher, VisionDoor]]:
    """A connected publisher and vision's end of the door."""
    with (
        Outbox(tmp_path / FILE_NAME) as outbox,
        VisionDoor(tmp_path) as vision,
        PublisherDoor(tmp_path) as door,
    ):
        outbox.append(counts())
        made = make_publisher(config_for(tmp_path, broker.port), door=door)
        drive(made, lambda: made.link.up and made.delivery.is_done())
        yield made, vision
        made.link.close()


def test_a_request_over_the_broker_is_answered_there(
    publisher: tuple[Publisher, VisionDoor], subscriber: Subscriber
) -> None:
    """The whole way: request topic → order → vision's answer → response topic."""
    made, vision = publisher
    subscriber.send(f"{BASE}/request/pause", b'{"transaction":"a"}')
    heard: list[Order] = []
    drive(made, lambda: bool(heard.extend(vision.receive()) or heard))
    vision.send(Answer(id=heard[0].id))
    drive(made, lambda: bool(subscriber.of("response/pause")))
    assert subscriber.of("response/pause")[0]["transaction"] == "a"
    for verb in ("identify", "snapshot-health", "outbox"):
        subscriber.send(f"{BASE}/request/{verb}", b'{"transaction":"b"}')
        drive(made, lambda verb=verb: bool(subscriber.of(f"response/{verb}")))
        assert subscriber.of(f"response/{verb}")[0]["status"] == "ok"
    assert subscriber.of("response/outbox")[0]["result"]["depth"] == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_huge_payload_is_never_held_in_memory(
    broker: Broker, tmp_path: Path, protocol: str
) -> None:
    """Ten megabytes, retained on a request topic, cost neither memory nor delivery."""
    hostile = Subscriber(broker.port, "none")
    hostile.send(f"{BASE}/request/pause", b"{" * 10_000_000, retain=True)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        made = make_publisher(config_for(tmp_path, broker.port, protocol=protocol))
        before_mb = memory_mb()
        drive(made, lambda: made.link.up and made.delivery.is_done())
        for _ in range(20):
            hostile.send(f"{BASE}/request/window", b"[" * 1_000_000)
        outbox.append(counts())
        drive(made, lambda: made.link.up and made.delivery.is_done())
        assert memory_mb() - before_mb < 8
        made.link.close()
    hostile.close()


def test_hostile_topics_and_payloads_change_nothing(
    publisher: tuple[Publisher, VisionDoor], subscriber: Subscriber
) -> None:
    """Odd verbs, control characters and a flood: no order, no crash, delivery goes on."""
    made, vision = publisher
    for verb in ("../../etc", "PAUSE", "pause ", "é", "a" * 500, "$SYS"):
        subscriber.send(f"{BASE}/request/{verb.replace('/', '_')}", b"{}")
    for size in (0, 1, 1000, 5000, 12_000):
        subscriber.send(f"{BASE}/request/pause", b"\x00\xff" * size, retain=False)
    for _ in range(200):
        subscriber.client.publish(f"{BASE}/request/window", b'{"length_s":-1}', qos=1)
    subscriber.send(f"{BASE}/request/done", b"{}")
    drive(made, lambda: made.commands.refused >= 200)
    # The empty payload is a right request: the one order that may have come.
    assert {order.verb for order in vision.receive()} <= {"pause"}
    assert made.link.up
    wait_for(lambda: bool(subscriber.of("response/invalid")), 5, "an answer to odd verbs")


def test_commands_can_be_turned_off(broker: Broker, tmp_path: Path, subscriber: Subscriber) -> None:
    """With commands.enabled = false the device listens to nothing, and says so in `info`."""
    settings = config_for(tmp_path, broker.port)
    off = msgspec.structs.replace(settings, commands=CommandSettings(enabled=False))
    Outbox(tmp_path / FILE_NAME).close()
    made = make_publisher(off)
    drive(made, lambda: bool(subscriber.of("/info")))
    subscriber.send(f"{BASE}/request/identify", b"{}")
    for _ in range(5):
        drive(made, lambda: True)
    assert subscriber.of("response/identify") == []
    assert subscriber.of("/info")[0]["commands"] is False
    drive(made, lambda: bool(subscriber.of("/config")))
    assert "pause" not in subscriber.of("/config")[0]["components"]
    made.link.close()
