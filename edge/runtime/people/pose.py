"""Which way a face looks, from four landmarks.

Under weak perspective the nose tip, which stands out of the plane of eyes and mouth, shifts along
the eye line with the tangent of the yaw, and between eyes and mouth with that of the pitch (after
Gee & Cipolla, *Determining the gaze of faces in images*, 1994). The proportions are an average
adult's, so an angle is good to about ten degrees: enough to tell facing from not facing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from edge.runtime.frame import Keypoints

NOSE_DEPTH_TO_EYES = 0.60
"""Depth of the nose tip before the eyes and mouth, over the distance between the eyes."""

NOSE_DEPTH_TO_FACE = 0.57
"""The same depth over the distance from the eye line to the mouth."""

NOSE_LEVEL = 0.52
"""Where a frontal nose tip lies, from the eye line (0) to the mouth (1)."""


class Pose(NamedTuple):
    """Degrees: yaw > 0 towards the subject's left, pitch > 0 down; both 0 = into the camera."""

    yaw_deg: float
    pitch_deg: float


def pose_of(keypoints: Keypoints) -> Pose:
    """Landmarks → yaw and pitch. Eyes that fall together or change sides are 90° of yaw.

    In the oblique axes of eye line and face line the nose tip of a head turned by the yaw, then
    the pitch, lies at depth/eyes · tan(yaw) and level + depth/face · tan(pitch) / cos(yaw),
    whatever the roll.
    """
    right, left, nose, mouth = keypoints
    middle_x, middle_y = (right.x + left.x) / 2, (right.y + left.y) / 2
    across_x, across_y = left.x - right.x, left.y - right.y
    down_x, down_y = mouth.x - middle_x, mouth.y - middle_y
    nose_x, nose_y = nose.x - middle_x, nose.y - middle_y
    area = across_x * down_y - across_y * down_x
    if area < 1e-6:
        return Pose(math.copysign(90.0, nose_x), 0.0)
    aside = (nose_x * down_y - nose_y * down_x) / area
    level = (across_x * nose_y - across_y * nose_x) / area
    yaw = math.atan(aside / NOSE_DEPTH_TO_EYES)
    pitch = math.atan((level - NOSE_LEVEL) / NOSE_DEPTH_TO_FACE * math.cos(yaw))
    return Pose(math.degrees(yaw), math.degrees(pitch))
