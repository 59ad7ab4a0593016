"""A broker, an embedded store and a database for each test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.store import Store, open_store
from tests.hub.postgres import Postgres
from tests.hub.support import Sender
from tests.publish.support import Broker, nothing_left_running

__all__ = ["nothing_left_running"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The address of an empty database, as its owner."""
    return postgres.emptied()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "hub.sqlite3")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """An empty store of each kind."""
    with closing(open_store(address)) as opened:
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """mosquitto that remembers sessions over its end, open to anybody on the loopback."""
    running = Broker(tmp_path, "persistence true", f"persistence_location {tmp_path}/")
    yield running
    running.kill()  # it would take a second to end by itself


@pytest.fixture
def sender(broker: Broker) -> Iterator[Sender]:
    """Devices at the broker."""
    publishing = Sender(broker.port)
    yield publishing
    publishing.close()  # before the broker ends: paho would wait for it
