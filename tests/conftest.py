"""What several rooms' tests share: the data beside the repository, clips, models."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from converters.footage import render
from edge.demo.broker import broker
from tests.shared import MODELS, SHARED

# A suite started in the background inherits an ignored SIGINT and would hand it on to every process
# whose Ctrl-C it tests.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, and nothing of the product.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A command run in a test sets the log up on that test's own standard error, soon closed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for added in set(root.handlers) - set(handlers):
        root.removeHandler(added)
    root.setLevel(level)


@pytest.fixture(scope="session")
def clips() -> Path:
    """Intel's sample videos, which are not part of this repository."""
    folder = SHARED / "data" / "clips"
    if not folder.is_dir():
        pytest.skip(f"the sample clips are not here: {folder}")
    return folder


@pytest.fixture(scope="session")
def models() -> Path:
    """The networks the package ships."""
    return MODELS


@pytest.fixture(scope="session")
def demo_clip(tmp_path_factory) -> Path:
    """The demo's clip: one person comes into view, pauses, leaves, and does so again."""
    out = tmp_path_factory.mktemp("footage") / "demo.avi"
    render(out)
    return out


@pytest.fixture
def mosquitto(tmp_path) -> Iterator[int]:
    """A real broker on a loopback port of its own; its port."""
    with broker() as (kind, port):
        if kind != "mosquitto":
            pytest.skip("mosquitto is not installed: apt install mosquitto")
        yield port
