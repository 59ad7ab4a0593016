"""Totals at a broker: told at ends of windows, and taken up again by a new card."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.messages.fields import timestamp
from edge.messages.totals import (
    SPANS,
    SUMS,
    Totals,
    encode_totals,
)
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish import service
from edge.publish import totals as totals_module
from edge.publish.service import Signals
from tests.publish.limited import LimitedBroker
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    wait_for,
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is to be heard, nobody waits long for it."""
    monkeypatch.setattr(totals_module, "ANSWER_S", 0.3)


@pytest.fixture
def patient(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something is, a busy machine's broker may take its time."""
    monkeypatch.setattr(totals_module, "ANSWER_S", 5.0)


def deliver(folder: Path, broker: Broker, heard: Subscriber, windows: int, ever: int) -> None:
    """A life of the publisher: it sends so many windows of three people, and then its totals."""
    with Outbox(folder / FILE_NAME) as outbox:
        for minute in range(windows):
            outbox.append(counts(minute))
        publisher = make_publisher(config_for(folder, broker.port))
        drive(publisher, lambda: _last(heard).get("ever_people") == ever)
        assert publisher.delivery.is_done()
        publisher.connection.close()


def _last(heard: Subscriber) -> dict[str, Any]:
    records = [record for record in heard.of("/totals") if isinstance(record, dict)]
    return records[-1] if records else {}


@pytest.mark.usefixtures("patient")
def test_they_survive_restarts_and_a_new_card(broker: Broker, tmp_path: Path) -> None:
    """What the broker retains is where a new card goes on, once, however often it connects."""
    heard = Subscriber(broker.port)
    deliver(tmp_path, broker, heard, 4, 12)
    deliver(tmp_path, broker, heard, 2, 18)
    new_card = tmp_path / "new"
    new_card.mkdir()
    for ever in (21, 24, 27):
        deliver(new_card, broker, heard, 1, ever)
    first, last = heard.of("/totals")[0], heard.of("/totals")[-1]
    assert last["today_people"] == 9
    assert last["since"] == first["since"]
    assert last["numbering"] != first["numbering"]
    late = Subscriber(broker.port, "+/+/+/+/totals", qos=0)
    wait_for(lambda: bool(late.heard), 5, "what is retained")
    assert late.heard[0][2]


def recorded(since: str) -> str:
    """What an earlier card left, of five people in every sum."""
    sums = {f"{span}_{name}": 5 for span in SPANS for name in SUMS}
    stamps = {"time": timestamp(0), "midnight": timestamp(0), "day": "1970-01-01"}
    return encode_totals(Totals(numbering="0" * 12, seq=1, since=since, **stamps, **sums)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "no JSON", '{"schema": 2}', "[" * 5000,
        recorded("2026-99-99T99:99:99.000Z"), recorded("0000-01-01T00:00:00.000Z"),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_record_that_is_none_is_not_taken_up(broker: Broker, tmp_path: Path, text: str) -> None:
    """Whatever lies at the topic, the sums begin, and no window waits for it."""
    heard = Subscriber(broker.port)
    heard.send("agender/v2/shop/door/totals", text, retain=True)
    deliver(tmp_path, broker, heard, 2, 6)


@pytest.mark.usefixtures("patient")
def test_a_record_of_any_moment_is_taken_up(broker: Broker, tmp_path: Path) -> None:
    """The last there is, too: nothing is computed of it that there is not."""
    heard = Subscriber(broker.port)
    last = "9999-12-31T23:59:59.000Z"
    heard.send("agender/v2/shop/door/totals", recorded(last), retain=True)
    deliver(tmp_path, broker, heard, 2, 5 + 6)
    assert heard.of("/totals")[-1]["since"] == last


@pytest.mark.parametrize("start", ["2026-99-99T99:99:99.000Z", "9999-12-31T23:59:59.999Z"])
def test_a_window_of_no_day_ends_nothing(broker: Broker, tmp_path: Path, start: str) -> None:
    """It goes out as lost, adds nobody, and the windows behind it are summed."""
    heard = Subscriber(broker.port)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        for minute in range(3):
            outbox.append(counts(minute))
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as database:
        database.execute("UPDATE windows SET start = ? WHERE seq = 2", (start,))
    deliver(tmp_path, broker, heard, 1, 9)
    assert [window["lost"] for window in heard.of("/counts")] == [False, True, False, False]


@pytest.mark.parametrize("signalled", [True, False], ids=["a signal", "until drained"])
def test_the_last_record_before_an_end_is_of_all_windows(
    broker: Broker, tmp_path: Path, signalled: bool
) -> None:
    """What is acknowledged in the last turn, or while draining, is summed and told as well."""
    heard = Subscriber(broker.port)
    deliver(tmp_path, broker, heard, 1, 3)
    config = config_for(tmp_path, broker.port)
    with Outbox(tmp_path / FILE_NAME) as outbox, ExitStack() as stack:
        publisher = make_publisher(config)
        drive(publisher, lambda: publisher.connection.up and bool(heard.of("/totals")[1:]))
        for minute in range(4):
            outbox.append(counts(minute))
        signals = Signals()
        stack.callback(signals.close)
        signals.stop = signalled
        service._to_broker(config, publisher, signals, until_drained=True)
    wait_for(lambda: heard.of("/availability")[-1] == "stopped", 5, "the end")
    assert _last(heard)["ever_people"] == 3 * len(heard.of("/counts")) == 15


def test_where_reading_is_refused_they_begin_anew(tmp_path: Path) -> None:
    """Nothing is concluded from silence, and nothing waits for ever."""
    broker = LimitedBroker(tmp_path, suback=0x87)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(config_for(tmp_path, broker.port))
        drive(publisher, lambda: bool(broker.heard("/totals")))
        assert [message.retain for message in broker.heard("/totals")] == [1]
        publisher.connection.close()


def test_beside_noise_there_are_none(broker: Broker, tmp_path: Path) -> None:
    """Sums of many noisy windows would be nearly exact."""
    heard = Subscriber(broker.port)
    config = config_for(tmp_path, broker.port)
    noisy = msgspec.structs.replace(
        config, privacy=msgspec.structs.replace(config.privacy, epsilon=1.0)
    )
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(noisy)
        drive(publisher, publisher.delivery.is_done)
        for _ in range(20):
            publisher.step(publisher._now_s + 1)
        publisher.connection.close()
    assert not heard.of("/totals")
    assert "people_ever" not in str(heard.of("/config"))
