"""Everything between a device and the database, killed at any moment; then every window once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from tests.hub.postgres import Postgres
from tests.hub.support import Hub, Sender, wait_until_stored
from tests.publish.support import Broker, wait_for

pytestmark = pytest.mark.slow


def test_an_ingestor_killed_at_any_moment_stores_every_window_once(
    tmp_path: Path, broker: Broker, sender: Sender, address: str
) -> None:
    random = Random(21)
    hub = Hub(tmp_path, broker.port, address, "--batch-windows", "20").listens()
    sending = Thread(target=sender.windows, args=(range(400), 0.003))
    sending.start()
    for _ in range(4):
        sending.join(random.uniform(0.05, 0.5))
        hub.kill()
        hub = Hub(tmp_path, broker.port, address, "--batch-windows", "20").listens()
    sending.join()
    wait_until_stored(address, range(400))


def test_a_broker_that_restarts_costs_no_window(
    tmp_path: Path, broker: Broker, sender: Sender, database: str
) -> None:
    Hub(tmp_path, broker.port, database).listens()
    sending = Thread(target=sender.windows, args=(range(400), 0.004))
    sending.start()
    for _ in range(2):
        sending.join(0.7)
        broker.stop()
        broker.start()
    sending.join()
    sender.arrived()
    wait_until_stored(database, range(400))


def test_a_database_killed_at_any_moment_stores_every_window_once(
    tmp_path: Path, broker: Broker, sender: Sender, postgres: Postgres, database: str
) -> None:
    """The hub waits for it; a commit whose answer never came is known by its keys."""
    hub = Hub(tmp_path, broker.port, database, "--batch-windows", "10").listens()
    sending = Thread(target=sender.windows, args=(range(400), 0.004))
    sending.start()
    for _ in range(2):
        sending.join(0.8)
        postgres.kill()
        postgres.start()
    sending.join()
    wait_until_stored(database, range(400))
    assert hub.end() == 0
    assert "it takes windows again" in hub.log


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("mounting a small disk takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_costs_no_window_and_a_start_on_it_neither(
    tmp_path: Path, small_disk: Path, broker: Broker, sender: Sender
) -> None:
    address = str(small_disk / "hub.sqlite3")
    hub = Hub(tmp_path, broker.port, address).listens()
    sender.windows(range(100))
    wait_until_stored(address, range(100))
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    sender.windows(range(100, 300))
    sender.arrived()
    wait_for(lambda: "disk is full; windows wait" in hub.log, 20, "a sentence")
    hub.kill()
    hub = Hub(tmp_path, broker.port, address).listens()
    ballast.unlink()
    wait_until_stored(address, range(300))


def test_ingestors_that_share_the_work_store_every_window_once(
    tmp_path: Path, broker: Broker, sender: Sender, database: str
) -> None:
    """One of them is killed meanwhile, and comes back under its id."""
    flags = ("--share", "hub", "--batch-windows", "10", "--client-id")
    one = Hub(tmp_path, broker.port, database, *flags, "one").listens()
    other = Hub(tmp_path, broker.port, database, *flags, "other").listens()
    sending = Thread(target=sender.windows, args=(range(400), 0.003))
    sending.start()
    sending.join(0.5)
    one.kill()
    sending.join(0.3)
    one = Hub(tmp_path, broker.port, database, *flags, "one").listens()
    sending.join()
    wait_until_stored(database, range(400))
    for hub in (one, other):
        assert hub.end() == 0
        assert "ended: 0 windows" not in hub.log
