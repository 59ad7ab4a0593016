"""Yaw and pitch from four landmarks."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from edge.runtime.frame import Keypoints, Point
from edge.runtime.people.pose import NOSE_DEPTH_TO_EYES, NOSE_LEVEL, pose_of

EYES, FACE = 63.0, 66.0
"""Millimetres between the eyes and from their line to the mouth."""


def project(yaw_deg: float, pitch_deg: float, roll_deg: float = 0.0, scale: float = 1.0):
    """A rigid face turned in space and seen from afar: what landmarks a detector would give."""
    depth = NOSE_DEPTH_TO_EYES * EYES
    model = np.array(
        [[-EYES / 2, 0, 0], [EYES / 2, 0, 0], [0, NOSE_LEVEL * FACE, depth], [0, FACE, 0]]
    )
    turned = model @ turn(2, 0, yaw_deg).T @ turn(2, 1, pitch_deg).T @ turn(0, 1, roll_deg).T
    return Keypoints(*(Point(200 + scale * x, 150 + scale * y) for x, y, _ in turned.tolist()))


def turn(source: int, target: int, degrees: float) -> np.ndarray:
    """The rotation that brings axis `source` towards axis `target`."""
    angle, matrix = math.radians(degrees), np.eye(3)
    matrix[source, source] = matrix[target, target] = math.cos(angle)
    matrix[target, source], matrix[source, target] = math.sin(angle), -math.sin(angle)
    return matrix


def test_a_frontal_face_looks_into_the_camera():
    """Both angles are zero."""
    assert pose_of(project(0, 0)) == pytest.approx((0, 0), abs=1e-6)


@pytest.mark.parametrize("yaw", [-60, -30, -10, 10, 30, 60])
def test_yaw_is_found(yaw: float):
    """Positive towards the subject's left, which is the picture's right."""
    assert pose_of(project(yaw, 0)).yaw_deg == pytest.approx(yaw, abs=0.5)


@pytest.mark.parametrize("pitch", [-40, -20, 20, 40])
def test_pitch_is_found(pitch: float):
    """Positive downwards."""
    assert pose_of(project(0, pitch)).pitch_deg == pytest.approx(pitch, abs=1.5)


@given(st.floats(-45, 45), st.floats(-30, 30), st.floats(-40, 40), st.floats(0.1, 5.0))
def test_both_at_once_for_an_average_face(yaw, pitch, roll, scale):
    """Whatever the head's tilt and the face's size."""
    found = pose_of(project(yaw, pitch, roll, scale))
    assert found.yaw_deg == pytest.approx(yaw, abs=0.5)
    assert found.pitch_deg == pytest.approx(pitch, abs=1.5)


@pytest.mark.parametrize(
    "points",
    [
        ((10, 10), (10, 10), (20, 14), (12, 20)),
        ((12, 10), (10, 10), (20, 14), (12, 20)),
        ((10, 10), (10, 10), (10, 10), (10, 10)),
    ],
    ids=["eyes in one place", "eyes crossed", "all in one place"],
)
def test_absurd_landmarks_are_a_profile(points):
    """Never an error, and never attention."""
    assert abs(pose_of(Keypoints(*(Point(*p) for p in points))).yaw_deg) == 90
