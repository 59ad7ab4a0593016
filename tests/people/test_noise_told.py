"""Messages under noise: nothing exact, the promised scale, a budget that is told."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from edge.errors import ConfigError
from edge.messages.bands import AGE_BANDS, AGES, TOLD_GENDERS
from edge.messages.counts import encode_counts
from edge.messages.live import Hello, StateNow
from edge.privacy.noise import laplace
from tests.people.folded import (
    HEAD,
    SCHEMA,
    adds_up,
    anonymiser,
    window,
)
from tests.people.tables import CROWD, Cells, K
from tests.people.test_presence_told import crossing


@settings(max_examples=50, deadline=None)
@given(CROWD, K)
def test_noisy_messages_add_up_and_are_folded(raw: Cells, k: int):
    """Totals agree, nothing is negative, no gender or band is told of fewer than k."""
    pytest.importorskip("opendp")
    told = msgspec.json.decode(encode_counts(anonymiser(k, 1.0).counts(window(raw))))
    SCHEMA.validate(told)
    if told["female"] is None:
        assert told["people"] < k
    else:
        assert adds_up(told)
        shown = [told[key] for key in (*TOLD_GENDERS, *(f"age_{band}" for band in AGE_BANDS))]
        assert all(count == 0 or count >= k for count in shown)


def test_under_noise_nothing_exact_is_told():
    """No cell, presence, mean, place or estimate: each would be a number without noise."""
    pytest.importorskip("opendp")
    raw = window({("female", "25_34"): 40, ("male", "35_44"): 40}, places={"line_door_in": 80},
                 frames_seen=600, not_faces=2)  # fmt: skip
    told = msgspec.json.decode(encode_counts(anonymiser(1, 1.0).counts(raw)))
    margins = {"female", "male", "gender_unknown", *(f"age_{age}" for age in AGES)}
    assert {key for key, value in told.items() if value is not None} == HEAD | margins


def test_noise_has_the_promised_scale():
    """The mean absolute value of discrete Laplace noise for ε = ½ is 1 / sinh ½ = 1.92."""
    pytest.importorskip("opendp")
    values = laplace(0.5)([0] * 20_000)
    assert sum(map(abs, values)) / len(values) == pytest.approx(1.919, rel=0.05)


def test_the_budget_of_a_day_is_added_up():
    """ε a window, from midnight UTC on."""
    pytest.importorskip("opendp")
    rules = anonymiser(1, 0.5)
    for _ in range(3):
        rules.counts(window({}))
    assert rules.epsilon_spent == pytest.approx(1.5)
    rules.counts(dataclasses.replace(window({}), end_s=1.8e9 + 90_000))
    assert rules.epsilon_spent == pytest.approx(0.5)


def test_noise_without_the_library_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch):
    """And not silently left out."""
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(ConfigError, match=r"needs OpenDP: pip install"):
        anonymiser(1, 1.0)


@pytest.mark.parametrize("epsilon", [None, 1.0], ids=["without noise", "with noise"])
def test_under_noise_the_live_state_is_silent_and_the_budget_is_told(
    epsilon: float | None, tmp_path: Path, demo_clip: Path
):
    """A sum of live numbers would undo the noise."""
    pytest.importorskip("opendp")
    settings = [f"privacy.epsilon={epsilon}"] if epsilon else []
    records = crossing(tmp_path, demo_clip, *settings)
    told = {record.epsilon_spent for record in records if isinstance(record, Hello)}
    assert any(isinstance(record, StateNow) for record in records) is (epsilon is None)
    assert told <= {0.0, 1.0} if epsilon else told == {None}
