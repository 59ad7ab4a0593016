"""What the page hears: what the broker is told, no more and no finer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from edge.config.told import Privacy
from edge.messages.fields import timestamp
from edge.messages.live import (
    Answer,
    FromVision,
    HealthNow,
    PublisherSocket,
    StateNow,
    VisionSocket,
)
from edge.messages.page import Ask, Done, PageSocket, Told
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.page_door import page_door
from edge.publish.publisher import Publisher, Surroundings
from edge.publish.service import turn
from tests.publish.support import Broker, Subscriber, config_for, health, state


class Both:
    """A publisher between vision and page, whose ends are the test's."""

    def __init__(self, publisher: Publisher, page: PageSocket, vision: VisionSocket) -> None:
        self.publisher, self.page, self.vision = publisher, page, vision
        self.heard: list[Told | Done] = []

    def ask(self, verb: Any = "tell", number: int = 0) -> None:
        self.page.send(Ask(id=number, verb=verb))

    def turn_for(self, seconds: float, *records: FromVision) -> None:
        """Tell records evenly over a time, and hear what the page is told."""
        for record in records:
            self.vision.send(record)
            self._turn()
            time.sleep(seconds / len(records))
        ends = time.monotonic() + (0 if records else seconds)
        while time.monotonic() < ends:
            self._turn()

    def _turn(self) -> None:
        turn(self.publisher, None)
        self.heard += [each for each in self.page.receive() if isinstance(each, Told | Done)]

    def states(self) -> list[tuple[str, int | None, int | None]]:
        """The states that the page was told, each once, in order."""
        told = [each.state for each in self.heard if isinstance(each, Told) and each.state]
        return list(dict.fromkeys((one.time, one.present, one.attending) for one in told))


@pytest.fixture
def both(tmp_path: Path, broker: Broker, subscriber: Subscriber, outbox: Outbox) -> Iterator[Both]:
    """With k = 5."""
    yield from made(tmp_path, broker.port, Privacy(k=5))


def made(folder: Path, port: int, privacy: Privacy) -> Iterator[Both]:
    config = config_for(folder, port)
    config = replace(config, privacy=privacy, page=replace(config.page, enabled=True))
    door = page_door(config)
    assert door is not None
    outbox, around = Outbox(folder / FILE_NAME, owner=False), Surroundings(Random(7), page=door)
    with (
        VisionSocket(folder) as vision,
        PublisherSocket(folder) as live,
        PageSocket(folder) as page,
    ):
        publisher = Publisher(config, outbox, live, around)
        yield Both(publisher, page, vision)
        publisher.connection.close()
        door.close()


def seen(number: int) -> list[FromVision]:
    """What vision tells under k = 5, many times a second: nothing of fewer than five."""
    random = Random(number)
    found: list[FromVision] = []
    for i in range(number):
        present = random.choice((None, None, 5, 6, 9))
        attending = random.choice((None, 0)) if present != 5 else None
        found.append(StateNow(state=state(
            present, attending=attending if present else None, time=timestamp(i))))  # fmt: skip
        found.append(HealthNow(health=health(camera_ok=random.random() < 0.5)))
    return found


def test_the_page_hears_the_states_and_health_that_the_broker_hears(
    both: Both, subscriber: Subscriber
) -> None:
    """Record by record: who joins page and messages knows no more than who has the messages."""
    both.turn_for(0.5)
    both.ask()
    both.turn_for(4.0, *seen(100))
    both.turn_for(1.5)
    told = [(one["time"], one["present"], one["attending"]) for one in subscriber.of("state")]
    assert len(both.states()) > 3
    assert [one for one in both.states() if one not in told] == []
    known = subscriber.of("health")
    heard = [each.health for each in both.heard if isinstance(each, Told) and each.health]
    assert len(heard) > 3
    assert all(any(one["time"] == each.time for one in known) for each in heard)
    assert all(asdict(each) in known for each in heard)


def test_while_the_broker_is_away_it_hears_what_would_be_told(
    both: Both, broker: Broker, subscriber: Subscriber
) -> None:
    """As seldom, and folded as ever; and that the broker is away."""
    both.turn_for(0.5)
    both.ask()
    broker.stop()
    begun_s = time.monotonic()
    both.turn_for(4.0, *seen(100))
    lasted_s = time.monotonic() - begun_s
    assert 2 <= len(both.states()) <= lasted_s + 2
    assert [each for each in both.heard if isinstance(each, Told)][-1].connected is False


@pytest.mark.parametrize(
    "privacy", [Privacy(state="off"), Privacy(profile="statistics", k=10, state="off"),
                Privacy(epsilon=1.0)],
)  # fmt: skip
def test_no_live_state_reaches_the_page_where_there_is_none(
    tmp_path: Path, broker: Broker, outbox: Outbox, privacy: Privacy
) -> None:
    """By configuration, or beside noise."""
    for both in made(tmp_path, broker.port, privacy):
        both.turn_for(0.3)
        both.ask()
        both.turn_for(1.5, *seen(10))
        assert both.states() == []
        assert any(isinstance(each, Told) and each.health for each in both.heard)


def test_a_page_that_does_not_ask_hears_nothing(both: Both) -> None:
    """Nothing is sent to a socket that nobody may read."""
    both.turn_for(1.5, *seen(20))
    assert both.heard == []


def test_a_pause_is_an_order_like_any_other(both: Both, subscriber: Subscriber) -> None:
    """Vision carries it out, the page hears what became of it, and the broker no answer."""
    both.turn_for(0.5)
    both.ask("pause", 7)
    both.turn_for(0.2)
    (order,) = both.vision.receive()
    assert order.verb == "pause"
    both.turn_for(0.2, Answer(id=order.id))
    assert Done(id=7) in both.heard
    assert subscriber.of("pause") == []


def test_a_request_that_is_refused_is_answered_too(tmp_path: Path, broker: Broker,
                                                   outbox: Outbox) -> None:  # fmt: skip
    """The budget of `resume` holds for the page as for everybody; a pause has none."""
    for both in made(tmp_path, broker.port, Privacy()):
        both.turn_for(0.3)
        for number in range(12):
            both.ask("resume", number)
            both.turn_for(0.05)
            for order in both.vision.receive():
                both.vision.send(Answer(id=order.id))
        both.turn_for(0.3)
        done = {each.id: each.error for each in both.heard if isinstance(each, Done)}
        assert sorted(done) == list(range(12))
        assert any("asked too often" in (error or "") for error in done.values())
        both.ask("pause", 99)
        both.turn_for(0.2)
        assert [order.verb for order in both.vision.receive()] == ["pause"]


def test_windows_are_delivered_where_the_page_cannot_be_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder that is none, or a path too long for a socket, is said and no more."""
    config = config_for(tmp_path, 1)
    (tmp_path / "page").write_text("")
    for runtime in (tmp_path, tmp_path / ("long" * 30)):
        paths = replace(config.paths, runtime=str(runtime))
        page = replace(config.page, enabled=True)
        assert page_door(replace(config, page=page, paths=paths)) is None
    assert caplog.text.count("the page is told nothing") == 2
