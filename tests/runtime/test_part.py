"""Which columns of a frame a narrower network is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.runtime.card import Input
from edge.runtime.detect.base import fit
from edge.runtime.detect.part import columns_of, whole_ones
from edge.runtime.frame import EVERYWHERE, Box, Face, Frame, Span
from tests.shared import frame_of

WHOLE, HALF = (Input(width=width, height=240, colour="bgr") for width in (320, 160))


def frame_sized(width: int, height: int, times: int = 1) -> Frame:
    """A frame whose full picture is so many times as large."""
    small = np.zeros((height, width, 3), np.uint8)
    return Frame(0, 0.0, small, width * times, height * times, lambda: small)


@given(
    st.integers(40, 1400),
    st.integers(40, 1000),
    st.floats(-0.2, 1.2),
    st.floats(0, 1),
    st.integers(1, 3),
)
def test_a_part_shows_all_that_was_asked_for(width, height, left, share, times):
    """Inside the frame, as wide as the network sees, whatever the frame's shape."""
    frame = frame_sized(width, height, times)
    asked = Span(left * frame.full_width, (left + share) * frame.full_width)
    columns = columns_of(asked, frame, WHOLE, HALF)
    if columns is None:
        return
    scale = fit(width, height, 320, 240).scale
    assert 0 <= columns.start < columns.stop <= width
    assert columns.stop - columns.start == int(160 / scale) < width
    assert columns.start <= max(asked.left / times, 0)
    assert columns.stop >= min(asked.right / times, width)


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        (Span(0, 100), (0, 320)),
        (Span(600, 640), (320, 640)),
        (Span(300, 340), (160, 480)),
        (Span(170, 490), None),  # as wide as the network sees, but not at a cell's edge
        (Span(176, 496), (176, 496)),
        (Span(100, 500), None),
        (EVERYWHERE, None),
    ],
)
def test_a_part_lies_about_what_was_asked_for(asked, columns):
    """Its middle in the middle, its edge at a cell's; None where it does not fit."""
    found = columns_of(asked, frame_sized(640, 480), WHOLE, HALF)
    assert found == (None if columns is None else slice(*columns))


def test_a_tall_picture_has_no_parts():
    """A picture narrower than the narrow network's view is seen whole as it is."""
    assert columns_of(Span(10, 20), frame_sized(240, 480), WHOLE, HALF) is None


def test_a_face_at_a_cut_is_left_out_and_at_the_pictures_edge_is_not():
    """Half a face has another size and place than the whole."""
    frame = frame_of(np.zeros((480, 640, 3), np.uint8))
    places = (0, 100, 290, 400)
    faces = [Face(Box(left, 100, 40, 50), 0.9) for left in places]
    assert [face.box.left for face in whole_ones(faces, slice(0, 320), frame)] == [0, 100]
    assert [face.box.left for face in whole_ones(faces, slice(105, 640), frame)] == [290, 400]
