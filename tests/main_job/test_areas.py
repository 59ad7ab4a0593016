"""Zones and masks of the configuration: which areas are taken, and what is told of the others."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import read as settings
from edge.errors import ConfigError


@pytest.mark.parametrize(
    "polygon",
    [
        "[[0, 0], [1, 1], [0.5, 0.5]]",
        "[[0, 0], [0, 0], [0, 0]]",
        "[[0, 0], [1, 1], [1, 0], [0, 1]]",
        "[[0, 0], [1e-9, 0], [0, 1e-9]]",
        "[[0, 0], [1, 1], [1, 0], [0.5, 0.5], [0, 1]]",
        "[[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]]",
        "[[0, 0], [0.5, 0.5], [1, 0], [1, 1], [0.5, 0.5], [0, 1]]",
        "[[0, 0], [1, 0], [0.5, 0], [1, 1], [0, 1]]",
        "[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0], [1, 0], [1, 1], [0, 1]]",
        "[[0.5, 0], [0.8, 1], [0, 0.4], [1, 0.4], [0.2, 1]]",
    ],
    ids=[
        "a line",
        "a point",
        "a bow tie",
        "next to nothing",
        "a bow tie by way of a corner",
        "a corner on an edge",
        "two areas that meet in a corner",
        "an edge that goes back on itself",
        "twice round",
        "a pentagram",
    ],
)
def test_a_mask_that_would_hide_nothing_is_refused(polygon):
    """Who draws one wants something hidden; silently it would not be."""
    with pytest.raises(ConfigError, match="expected corners, in order, of an area"):
        settings.load(None, [f'space.zones=[{{name="a", use="exclude", polygon={polygon}}}]'])


@given(
    steps=st.lists(st.floats(0.2, 1), min_size=3, max_size=12),
    reach=st.lists(st.floats(0.05, 0.5), min_size=12, max_size=12),
    repeated=st.booleans(),
)
def test_an_area_that_goes_round_once_is_taken(steps, reach, repeated):
    """Any star-shaped polygon, also with its first corner named again at the end."""
    at = [2 * math.pi * turn / sum(steps) for turn in accumulate(steps)]
    spots = [
        [0.5 + r * math.cos(angle), 0.5 + r * math.sin(angle)]
        for angle, r in zip(at, reach, strict=False)
    ]
    if max(steps) >= sum(steps) / 2:
        return  # the middle is not inside
    spots += spots[:1] if repeated else []
    config = settings.load(None, [f'space.zones=[{{name="a", polygon={spots}}}]'])
    assert config.space.zones[0].name == "a"


def rectangle(left, top, width, height):
    return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]


@pytest.mark.parametrize(
    ("one", "other", "overlapping"),
    [
        (rectangle(0, 0, 0.5, 1), rectangle(0.4, 0, 0.5, 1), True),
        (rectangle(0, 0, 0.5, 1), rectangle(0.5, 0, 0.5, 1), False),
        (rectangle(0, 0, 0.5, 1), rectangle(0, 0, 0.5, 1), True),
        (rectangle(0, 0, 1, 1), rectangle(0.4, 0.4, 0.1, 0.1), True),
        (rectangle(0, 0, 0.2, 0.2), rectangle(0.6, 0.6, 0.2, 0.2), False),
        ([[0, 0], [1, 0], [0, 1]], [[1, 1], [1, 0], [0, 1]], False),
        ([[0, 0], [1, 0], [0, 1]], [[1, 1], [0.9, 0], [0, 0.9]], True),
    ],
    ids=[
        "by a strip",
        "neighbours",
        "the same",
        "within",
        "apart",
        "triangles",
        "triangles across",
    ],
)
def test_zones_that_overlap_are_known(one, other, overlapping):
    """While k is above 1 vision warns of them: they can be subtracted from each other."""
    zones = [f'{{name="{name}", polygon={area}}}' for name, area in (("a", one), ("b", other))]
    config = settings.load(None, [f"space.zones=[{', '.join(zones)}]"])
    assert config.space.overlapping == (("a", "b") if overlapping else None)
