"""XNNPACK inside the sandbox of vision."""

from __future__ import annotations

import pytest

from tests.system.machine import Machine
from tests.system.services import installed
from tests.system.services.booted.consumer import VISION

pytestmark = pytest.mark.slow

XNNPACK = """
from pathlib import Path
import numpy as np
from edge.runtime.networks.model import load
for name in ("blazeface_short_128", "libface_320x176"):
    network = load(name, Path("/opt/agender-edge/src/models_tflite"))
    size = network.card.input
    network.run(np.zeros((1, size.height, size.width, 3), np.uint8))
    print(name, network.delegated)
"""


def test_xnnpack_works_inside_the_sandbox(machine: Machine):
    """Some protections switch it off without a word; the detectors have it all the same."""
    answer = installed.probe(machine, VISION, XNNPACK)
    assert answer.splitlines() == ["blazeface_short_128 True", "libface_320x176 True"]


def test_hiding_the_processor_would_switch_xnnpack_off(machine: Machine):
    """Why ProcSubset=pid, which the score would like, is not in the unit."""
    answer = installed.probe(machine, VISION, XNNPACK, "ProcSubset=pid")
    assert answer.splitlines() == ["blazeface_short_128 False", "libface_320x176 False"]
