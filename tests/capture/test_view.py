"""Region and orientation."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from edge.config import tables as config
from edge.runtime.capture import open_source
from edge.runtime.capture.view import View
from tests.capture.footage import write_clip

CORNERS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
A, B, C, D = CORNERS.reshape(4, 3)


@pytest.mark.parametrize(
    ("rotate_deg", "mirror", "expected"),
    [
        (0, False, [[A, B], [C, D]]),
        (90, False, [[C, A], [D, B]]),
        (180, False, [[D, C], [B, A]]),
        (270, False, [[B, D], [A, C]]),
        (0, True, [[B, A], [D, C]]),
        (90, True, [[A, C], [B, D]]),
    ],
)
def test_turning_is_clockwise_and_mirroring_comes_after(rotate_deg, mirror, expected):
    """The corners of a picture A B / C D, turned and mirrored."""
    view = View(config.Source(rotate_deg=rotate_deg, mirror=mirror))
    np.testing.assert_array_equal(view.of(CORNERS), np.array(expected))


def test_nothing_is_copied_where_nothing_is_turned():
    """The whole picture, and a region of it, share the picture's memory."""
    image = np.zeros((40, 60, 3), np.uint8)
    assert View(config.Source()).of(image) is not None
    assert np.shares_memory(View(config.Source()).of(image), image)
    region = View(config.Source(region=(0.5, 0.25, 0.5, 0.5))).of(image)
    assert np.shares_memory(region, image)
    assert region.shape == (20, 30, 3)


@given(
    start=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    share=st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)),
    size=st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
def test_a_region_is_never_empty(start, share, size):
    """Any region inside the picture is at least one pixel, of any picture."""
    extent = [(1 - begin) * part * 0.999 for begin, part in zip(start, share, strict=True)]
    part = View(config.Source(region=(*start, *extent))).of(np.zeros((*size, 3), np.uint8))
    assert 0 < part.shape[0] <= size[0]
    assert 0 < part.shape[1] <= size[1]


@pytest.mark.parametrize(
    "region", [(0.5, 0, 0.6, 1), (0, 0, 0, 1), (0, 0.1, 1, 1)], ids=["wide", "flat", "low"]
)
def test_a_region_outside_the_picture_is_refused(region):
    """What would be right is part of the error."""
    with pytest.raises(ValueError, match=r"inside 0\.\.1"):
        config.Source(region=region)


def test_files_are_turned_too(tmp_path: Path):
    """A recording from a camera on its side comes upright, and its frame says the turned size."""
    clip = write_clip(tmp_path / "clip.avi", frames=1)
    settings = config.Source(uri=str(clip), rotate_deg=90, region=(0, 0, 0.5, 1))
    with open_source(settings) as source:
        frame = source.read()
    assert frame is not None
    assert (frame.full_width, frame.full_height) == (240, 160)
    assert frame.small.shape == (160, 240, 3)
    assert frame.full()[20, 220, 0] > 200, "the blue corner is on the right"
