"""A small machine refuses what only a workstation can run, unless it is told to."""

from __future__ import annotations

import shutil

import msgspec
import pytest

from edge.config.tables import Config
from edge.errors import ModelError
from edge.runtime.estimate.estimate import open_estimator
from edge.runtime.networks import resource_limits
from edge.runtime.networks.card import Card, read_card
from edge.runtime.networks.resource_limits import Machine, heavy, refuse_heavy

PI_4 = Machine(arm=True, memory_bytes=8 << 30)
OLD_LAPTOP = Machine(arm=False, memory_bytes=2 << 30)
WORKSTATION = Machine(arm=False, memory_bytes=16 << 30)


@pytest.fixture
def wide(models) -> Card:
    """A card of the size and cost of a wide residual network."""
    card = read_card(models / "agender_64.json")
    return msgspec.structs.replace(card, name="wide", bytes=98_000_000, multiply_adds=2_600_000_000)


@pytest.mark.parametrize("machine", [PI_4, OLD_LAPTOP])
def test_a_small_machine_refuses_with_size_and_cost(wide, machine):
    """And says which key forces it."""
    with pytest.raises(
        ModelError,
        match=r"wide .* 98 MB and 2,600 million .* 0\.36 s .*estimator\.force_heavy",
    ):
        refuse_heavy(wide, machine)


def test_a_workstation_takes_it(wide):
    """Enough memory and no Arm board."""
    refuse_heavy(wide, WORKSTATION)


@pytest.mark.parametrize(
    ("size", "multiply_adds", "expected"),
    [
        (98_000_000, 0, True),
        (1_000_000, 2_600_000_000, True),
        (45_000_000, 700_000_000, False),
        (64_000_000, 2_000_000_000, False),
    ],
)
def test_size_and_cost_each_make_a_network_heavy(wide, size, multiply_adds, expected):
    """A small file may be as slow as a large one."""
    card = msgspec.structs.replace(wide, bytes=size, multiply_adds=multiply_adds)
    assert heavy(card) is expected


def test_shipped_networks_run_on_a_pi(models):
    """Every one of them."""
    for path in models.glob("*.json"):
        refuse_heavy(read_card(path), PI_4)


def test_the_device_refuses_while_it_loads_and_can_be_forced(models, tmp_path, monkeypatch):
    """`estimator.force_heavy` is the way past it."""
    monkeypatch.setattr(resource_limits, "this_machine", lambda: PI_4)
    card = msgspec.structs.replace(read_card(models / "agender_64.json"), multiply_adds=10**10)
    (tmp_path / "agender_64.json").write_bytes(msgspec.json.encode(card))
    shutil.copy(models / "agender_64.tflite", tmp_path)
    with pytest.raises(ModelError, match="is for a workstation"):
        open_estimator(["agender_64"], tmp_path, "")
    forced = msgspec.convert({"force_heavy": True}, type(Config().estimator))
    opened = open_estimator(["agender_64"], tmp_path, "", force_heavy=forced.force_heavy)
    assert opened.names == "agender_64"
