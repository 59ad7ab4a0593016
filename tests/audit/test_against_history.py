"""A tally held against the history that a device keeps."""

from __future__ import annotations

import pytest

from edge.audit.agreement import Rule, Verdict
from edge.audit.build import audit
from edge.errors import ConfigError
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox
from tests.audit.support import minute, tally
from tests.audit.support import told as window
from tests.history.support import config, kept, waiting


def test_the_history_is_held_against_hours_that_were_tallied_whole(tmp_path):
    """Windows that still wait for the broker are among them; half an hour is left out."""
    windows = [window(n, 5) for n in range(150)]
    kept(tmp_path, windows[:100])
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        waiting(outbox, windows[100:])
    found = audit([tally(minute(n, 5) for n in range(30, 150))], config(tmp_path), Rule())
    assert found.units == 1
    assert (found.people.tallied, found.people.told) == (300, 300)
    assert sum(each.bins for each in found.left.values()) == 60
    assert found.people.verdict is Verdict.NOT_ENOUGH
    assert any("--counts" in note for note in found.notes)


def test_six_hours_of_history_give_a_verdict(tmp_path):
    kept(tmp_path, [window(n, 5) for n in range(360)])
    found = audit([tally(minute(n, 5) for n in range(360))], config(tmp_path), Rule())
    assert (found.units, found.people.verdict) == (6, Verdict.PASSES)
    assert found.left == {}


def test_another_device_s_history_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="shop/till"):
        audit([tally([minute(0, 5)], device="till")], config(tmp_path), Rule())
