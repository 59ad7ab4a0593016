"""The machine that all tests of this folder share: each leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.machine import Machine
from tests.system.services import installed
from tests.system.services.booted.consumer import PUBLISHER, VISION


@pytest.fixture(scope="package")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with the product installed and both services running."""
    folder = tmp_path_factory.mktemp("machine")
    with Machine(installed.root(), installed.binds(), folder / "console") as booted:
        installed.install(booted)
        done = booted.run("systemctl", "start", VISION, PUBLISHER)
        assert done.returncode == 0, booted.journal(VISION) + booted.journal(PUBLISHER)
        yield booted
