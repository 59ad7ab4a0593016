"""Crops hold exactly the pixels that the model's card asks for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.runtime.estimate.crop import cut, similarity
from edge.runtime.frame import Box, Face, Keypoints, Point
from edge.runtime.networks.card import Alignment, Crop, Input

ALIGNMENT = Alignment((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.5, 0.8))


def square(left: int, top: int, side: int) -> np.ndarray:
    picture = np.zeros((100, 120, 3), np.uint8)
    picture[top : top + side, left : left + side] = (10, 20, 30)
    return picture


def test_a_crop_without_margin_is_the_box_itself():
    """A box cut at its own size reproduces its pixels, to the pixel."""
    face = Face(Box(40, 30, 20, 20), 1.0)
    crops = cut(square(40, 30, 20), [face], Crop(margin=0), Input(20, 20, "bgr"))
    assert crops.shape == (1, 20, 20, 3)
    assert (crops == (10, 20, 30)).all()


@pytest.mark.parametrize(
    ("margin", "covered"),
    [(0.0, 1.0), (0.5, 0.25), (1.0, 1 / 9)],
)
def test_the_margin_is_a_share_of_the_box_on_every_side(margin, covered):
    """A margin m makes the crop 1 + 2m times as wide as the face."""
    face = Face(Box(50, 40, 20, 20), 1.0)
    crop = cut(square(50, 40, 20), [face], Crop(margin=margin), Input(60, 60, "bgr"))[0]
    assert (crop[..., 2] > 15).mean() == pytest.approx(covered, abs=0.02)


def test_a_detector_family_can_have_its_own_margin():
    """The margin named for the detector's family wins over the general one."""
    face = Face(Box(50, 40, 20, 20), 1.0)
    spec = Crop(margin=0, margins={"blazeface": 1.0})
    wide = cut(square(50, 40, 20), [face], spec, Input(60, 60, "bgr"), "blazeface")
    tight = cut(square(50, 40, 20), [face], spec, Input(20, 20, "bgr"), "centerface")
    assert (tight == (10, 20, 30)).all()
    assert (wide[..., 2] > 15).mean() == pytest.approx(1 / 9, abs=0.02)


def test_colours_come_in_the_cards_order():
    """An rgb card gets the channels reversed, a bgr card as the frame holds them."""
    face = Face(Box(40, 30, 20, 20), 1.0)
    crops = cut(square(40, 30, 20), [face], Crop(margin=0), Input(8, 8, "rgb"))
    assert (crops == (30, 20, 10)).all()


def test_pixels_beyond_the_frame_repeat_its_edge():
    """A face at the border is cut without black bars."""
    picture = np.full((100, 120, 3), 200, np.uint8)
    crops = cut(picture, [Face(Box(-10, -10, 30, 30), 1.0)], Crop(margin=1), Input(16, 16, "bgr"))
    assert (crops == 200).all()


def test_a_large_face_is_averaged_not_sampled():
    """A fine checkerboard becomes grey, as it does for an eye from afar; it does not alias."""
    picture = (np.indices((640, 640)).sum(0) % 2 * 255).astype(np.uint8)
    picture = np.repeat(picture[..., None], 3, 2)
    crops = cut(picture, [Face(Box(0, 0, 640, 640), 1.0)], Crop(margin=0), Input(64, 64, "bgr"))
    inner = crops[0, 8:-8, 8:-8]
    assert abs(int(inner.min()) - 127) < 16
    assert abs(int(inner.max()) - 127) < 16


@given(
    angle=st.floats(-1.0, 1.0),
    scale=st.floats(0.2, 4.0),
    x=st.floats(-50, 50),
    y=st.floats(-50, 50),
)
def test_alignment_undoes_any_rotation_scale_and_shift(angle, scale, x, y):
    """Landmarks that are the template, turned and moved, land on the template again."""
    size = Input(64, 64, "bgr")
    template = [ALIGNMENT.right_eye, ALIGNMENT.left_eye, ALIGNMENT.nose, ALIGNMENT.mouth]
    turn = scale * np.exp(1j * angle)
    moved = [turn * complex(u * 64, v * 64) + complex(x, y) for u, v in template]
    keypoints = Keypoints(*(Point(z.real, z.imag) for z in moved))
    matrix = similarity(keypoints, ALIGNMENT, size)
    for point, (u, v) in zip(keypoints, template, strict=True):
        there = matrix @ (point.x - 0.5, point.y - 0.5, 1)
        assert there == pytest.approx((u * 64 - 0.5, v * 64 - 0.5), abs=1e-6)


def test_landmarks_in_one_place_do_not_break_the_cut():
    """A degenerate detection gives some crop and no error."""
    face = Face(Box(40, 30, 20, 20), 1.0, Keypoints(*[Point(50, 40)] * 4))
    spec = Crop(margin=0.2, alignment=ALIGNMENT)
    assert cut(square(40, 30, 20), [face], spec, Input(16, 16, "bgr")).shape == (1, 16, 16, 3)
