"""The role's health check, on a machine that is made up."""

from __future__ import annotations

import argparse
from types import ModuleType
from typing import Any

import pytest

from tests.fleet.rendered import script

WELL = {"ActiveState": "active", "Result": "success", "StatusText": "well", "NRestarts": "0"}


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; all services are well and count one window a second."""
    module = script("roles/agender_edge/files/healthy")
    monkeypatch.setattr(module, "shown", lambda unit, *names: dict(WELL))
    monkeypatch.setattr(module, "asked", lambda outbox, query: 8 if "next_seq" in query else None)
    return module


def watched(healthy: ModuleType, first: int) -> Any:
    """A camera that has been looked at since its windows had the number `first`."""
    camera = healthy.Camera("")
    camera.first, camera.started = first, ["0", "0"]
    return camera


def test_a_counted_and_delivered_window_is_health(healthy: ModuleType):
    """The next number has gone on, and nothing up to it waits."""
    assert watched(healthy, 7).lacking(True) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ActiveState": "failed", "Result": "exit-code"}, "is failed (exit-code)"),
        ({"NRestarts": "1"}, "was started again!"),
        ({}, "no window was counted (agender-vision.service: well)"),
    ],
)
def test_what_is_missing_is_said(healthy: ModuleType, monkeypatch, change, words):
    """In the words of the service manager and of the service."""
    monkeypatch.setattr(healthy, "shown", lambda unit, *names: WELL | change)
    assert words in watched(healthy, 8).lacking(True)


def test_a_window_that_waits_is_not_delivered(healthy: ModuleType, monkeypatch):
    """Counting is enough only where nobody asks for delivery."""
    monkeypatch.setattr(healthy, "asked", lambda outbox, query: 8 if "next_seq" in query else 7)
    assert "no window was delivered" in watched(healthy, 7).lacking(True)
    assert watched(healthy, 7).lacking(False) == ""


def test_a_vision_that_has_ended_has_no_network(healthy: ModuleType, monkeypatch):
    """Its process is 0: what is wrong is told in a sentence, and not by a traceback."""
    monkeypatch.setattr(healthy, "shown", lambda unit, *names: {"MainPID": "0"})
    assert healthy.Camera("").interfaces() == []


def test_each_camera_must_count_by_its_own_units_and_outbox(healthy: ModuleType, monkeypatch):
    """One that counts does not hide another that does not, which is named."""
    ticks = iter(range(100))
    windows = lambda outbox: next(ticks) if "@yard" not in outbox else 8  # noqa: E731
    monkeypatch.setattr(
        healthy, "asked", lambda outbox, query: windows(outbox) if "next_seq" in query else None
    )
    wanted = argparse.Namespace(within=0, delivered=True)
    lack = healthy.watch([healthy.Camera(""), healthy.Camera("yard")], wanted)
    assert lack == "no window was counted (agender-vision@yard.service: well)"
    assert healthy.watch([healthy.Camera("")], wanted) == ""
