"""Reconnecting: full jitter, bounded, and never in step."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edge.publish.backoff import Backoff


@given(seed=st.integers(), least=st.floats(0.01, 10), most=st.floats(0.01, 1000))
def test_pauses_stay_within_a_bound_that_doubles(seed: int, least: float, most: float) -> None:
    """The n-th pause lies between nothing and least · 2ⁿ, and never above the longest."""
    backoff = Backoff(least, most, Random(seed))
    for attempt in range(40):
        assert 0 <= backoff.next_s() <= min(max(most, least), least * 2.0**attempt)


def test_a_thousand_devices_spread_over_the_whole_interval() -> None:
    """After a few failures no tenth of the interval gets more than its share and a half."""
    pauses = []
    for device in range(1000):
        backoff = Backoff(1, 60, Random(device))
        for _ in range(8):
            pause_s = backoff.next_s()
        pauses.append(pause_s)
    tenths = [sum(6 * i <= p < 6 * (i + 1) for p in pauses) for i in range(10)]
    assert max(tenths) < 150
    assert min(tenths) > 50


def test_a_settled_connection_starts_over_with_short_pauses() -> None:
    """After reset the first bound is the shortest again."""
    backoff = Backoff(1, 600, Random(3))
    for _ in range(10):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 1


def test_a_refusal_is_retried_slowly_and_spread() -> None:
    """Around the configured pause, never less than half of it."""
    backoff = Backoff(1, 60, Random(4))
    pauses = [backoff.slow_s(120) for _ in range(200)]
    assert min(pauses) >= 60
    assert max(pauses) <= 180
    assert max(pauses) - min(pauses) > 60
