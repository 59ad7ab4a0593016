"""Memory does not grow with frames, people or windows."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from benchmarks.soak.stages import Soak


@pytest.mark.parametrize("frames", [2_000, pytest.param(150_000, marks=pytest.mark.slow)])
def test_memory_is_flat_and_every_cache_empties(frames: int):
    """After a first round, further ones leave not a kilobyte behind; nobody is held at the end.

    `python -m benchmarks.soak --frames 10000000` does the same for ten million frames.
    """
    soak = Soak(scenes=3)
    soak.run(1_000)
    tracemalloc.start()
    try:
        soak.run(1_000)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        soak.run(frames)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert soak.people.held == 0
    assert soak.counted > frames / 100
    assert grown < 16_384
