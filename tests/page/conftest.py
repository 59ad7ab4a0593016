"""Devices that the tests of a file share; what changes one of them puts it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.page.browser import Browser, chromium
from tests.page.support import Device, device


@pytest.fixture(scope="module")
def open_device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Its page is for this machine alone and has no password."""
    with device(tmp_path_factory.mktemp("open")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded_device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Its page asks for a password."""
    folder = tmp_path_factory.mktemp("guarded")
    with device(folder, f'password_file = "{folder}/password"\naddress = "0.0.0.0"') as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def at(open_device: Device) -> str:
    """Where the page is, for a browser."""
    return f"http://localhost:{open_device.port}"
