"""A real broker and a real subscriber for each test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.support import Broker, Subscriber, nothing_left_running

__all__ = ["nothing_left_running"]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Vision's end of the outbox."""
    with Outbox(tmp_path / FILE_NAME) as opened:
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """mosquitto, open to anybody on the loopback."""
    running = Broker(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    """Hears everything the broker hands on."""
    listening = Subscriber(broker.port)
    yield listening
    listening.close()
