"""The two machines, for all tests of this folder, in the order of a fleet's life."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.system.fleet import lab as labs
from tests.system.fleet.lab import Lab

SUITE = os.environ.get("AGENDER_SUITE", "bookworm")


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two fresh machines; what a test does to them stays, so that the order is that of a life."""
    folder = tmp_path_factory.mktemp("fleet")
    with labs.lab(folder, SUITE) as made:
        yield made
