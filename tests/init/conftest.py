"""What `init` does to its own process is not done to the tests'."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _may_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    """It forbids core dumps for good; tests of that begin with a process that may leave some."""
    monkeypatch.setattr("edge.init.trial.forbid_core_dumps", lambda: None)
