"""An outbox that somebody changed: a broken window is sent as lost, and blocks nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.support import (
    NO_MOMENTS,
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
)


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
