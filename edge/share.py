"""What chance leaves of a measured share."""

from __future__ import annotations

from math import sqrt


def wilson(right: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Low and high of the share that `right` of `count` (1 or more) stand for; 95 % for this `z`.

    Wilson 1927, without correction for continuity.
    """
    share, square = right / count, z * z / count
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(share * (1 - share) / count + square / (4 * count))
    return middle - half, middle + half
