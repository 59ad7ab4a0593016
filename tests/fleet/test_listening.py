"""How the hub's role sees that an ingestor works, on a machine that is made up."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fleet.rendered import script

WELL = {"ActiveState": "active", "Result": "success", "InvocationID": "1", "NRestarts": "0"}
LISTENS = "broker 127.0.0.1:1883: listening to agender/v2/+/+/counts"


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; the ingestor is well."""
    module = script("roles/agender_hub/files/listening")
    monkeypatch.setattr(module, "shown", lambda: dict(WELL))
    monkeypatch.setattr(module, "said", lambda *command: LISTENS)
    return module


def test_an_ingestor_that_says_that_it_listens_is_well(listening: ModuleType):
    """In the journal of the process that runs now."""
    assert listening.lacking("0") == ""


@pytest.mark.parametrize(
    ("change", "journal", "words"),
    [
        ({"ActiveState": "failed", "Result": "exit-code"}, LISTENS, "ended (exit-code)!"),
        ({"NRestarts": "1"}, LISTENS, "ended (success)!"),
        ({}, "broker 127.0.0.1:1883 can't be reached", "did not listen at its broker"),
    ],
)
def test_what_is_missing_is_said(listening: ModuleType, monkeypatch, change, journal, words):
    """An end is final; who does not listen yet has the time that the role gives."""
    monkeypatch.setattr(listening, "shown", lambda: WELL | change)
    monkeypatch.setattr(listening, "said", lambda *command: journal)
    assert words in listening.lacking("0")
