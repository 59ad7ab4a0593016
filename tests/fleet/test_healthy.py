"""The role's health check, on a machine that is made up."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fleet.rendered import script

WELL = {"ActiveState": "active", "Result": "success", "StatusText": "well", "NRestarts": "0"}


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; both services are well and count one window a second."""
    module = script("agender_edge/files/healthy", monkeypatch)
    monkeypatch.setattr(module, "shown", lambda unit, *names: dict(WELL))
    monkeypatch.setattr(module, "asked", lambda query: 8 if "next_seq" in query else None)
    return module


def test_a_counted_and_delivered_window_is_health(healthy: ModuleType):
    """The next number has gone on, and nothing up to it waits."""
    assert healthy.lacking(7, ["0", "0"], True) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ActiveState": "failed", "Result": "exit-code"}, "is failed (exit-code)"),
        ({"NRestarts": "1"}, "was started again!"),
        ({}, "no window was counted (well)"),
    ],
)
def test_what_is_missing_is_said(healthy: ModuleType, monkeypatch, change, words):
    """In the words of the service manager and of the service."""
    monkeypatch.setattr(healthy, "shown", lambda unit, *names: WELL | change)
    assert words in healthy.lacking(8, ["0", "0"], True)


def test_a_window_that_waits_is_not_delivered(healthy: ModuleType, monkeypatch):
    """Counting is enough only where nobody asks for delivery."""
    monkeypatch.setattr(healthy, "asked", lambda query: 8 if "next_seq" in query else 7)
    assert "no window was delivered" in healthy.lacking(7, ["0", "0"], True)
    assert healthy.lacking(7, ["0", "0"], False) == ""


def test_a_vision_that_has_ended_has_no_network(healthy: ModuleType, monkeypatch):
    """Its process is 0: what is wrong is told in a sentence, and not by a traceback."""
    monkeypatch.setattr(healthy, "shown", lambda unit, *names: {"MainPID": "0"})
    assert healthy.interfaces() == []
