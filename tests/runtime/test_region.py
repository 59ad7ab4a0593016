"""Which columns of a frame a narrower network is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.runtime.detect.base import fit
from edge.runtime.detect.region import columns_of, is_cut
from edge.runtime.frame import EVERYWHERE, Box, Face, Frame, Span
from edge.runtime.schedule.schedule import HALF_SHARE
from tests.shared import frame_of

WHOLE = 320, 240
HALF = 160


def frame_sized(width: int, height: int, times: int = 1) -> Frame:
    """A frame whose full picture is so many times as large."""
    small = np.zeros((height, width, 3), np.uint8)
    return Frame(0, 0.0, small, width * times, height * times, lambda: small)


def scale_of(width: int, height: int, network: tuple[int, int] = WHOLE) -> float:
    """How large the whole network sees a picture of this size."""
    return fit(width, height, *network).scale


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
    columns = columns_of(asked, frame, scale_of(width, height), HALF)
    room = int(HALF / scale_of(width, height))
    first, last = max(asked.left / times, 0), min(asked.right / times, width)
    if columns is None:
        assert room >= width or last - first > room - 2
        return
    assert 0 <= columns.start < columns.stop <= width
    assert columns.stop - columns.start == room < width
    assert columns.start <= first
    assert columns.stop >= last


@pytest.mark.parametrize(
    "size", [(640, 480), (480, 270), (640, 360), (641, 481), (639, 479), (800, 450), (1024, 768)]
)
def test_both_turns_find_a_part_in_any_usual_frame(size):
    """Three quarters of the network's width hold what a look covers while nobody is known."""
    width, height = size
    scale = scale_of(width, height, (320, 176) if width / height > 1.5 else WHOLE)
    for asked in (Span(0, HALF_SHARE * width), Span((1 - HALF_SHARE) * width, width)):
        assert columns_of(asked, frame_sized(*size), scale, 240) is not None


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        (Span(0, 100), (0, 320)),
        (Span(600, 640), (320, 640)),
        (Span(300, 340), (160, 480)),
        (Span(170, 490), (170, 490)),  # as wide as the network sees, and not at a cell's edge
        (Span(176, 496), (176, 496)),
        (Span(100, 500), None),
        (EVERYWHERE, None),
    ],
)
def test_a_part_lies_about_what_was_asked_for(asked, columns):
    """Its middle in the middle, its edge at a cell's; None where it does not fit."""
    found = columns_of(asked, frame_sized(640, 480), 0.5, HALF)
    assert found == (None if columns is None else slice(*columns))


def test_a_tall_picture_has_no_parts():
    """A picture narrower than the narrow network's view is seen whole as it is."""
    assert columns_of(Span(10, 20), frame_sized(240, 480), scale_of(240, 480), HALF) is None


def test_a_face_at_a_cut_is_told_from_one_at_the_pictures_edge():
    """Half a face has another size and place than the whole."""
    frame = frame_of(np.zeros((480, 640, 3), np.uint8))
    faces = [Face(Box(left, 100, 40, 50), 0.9) for left in (0, 100, 290, 600)]
    assert [is_cut(face, slice(0, 320), frame) for face in faces[:3]] == [False, False, True]
    assert [is_cut(face, slice(105, 640), frame) for face in faces[1:]] == [True, False, False]
