"""Zones, lines and masks, in fractions of the frame."""

from __future__ import annotations

import msgspec
import pytest

from edge.config.people import Space as Settings
from edge.config.places import Line, Zone
from edge.runtime.frame import Box, Face, Point
from edge.runtime.people.space import Path, Space, inside

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
ARROW = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.0, 1.0))
DOOR = Line(name="door", start=(0.5, 0.2), end=(0.5, 0.8))
"""Drawn downwards: "in" is to its left, the picture's right."""


@pytest.mark.parametrize(
    ("place", "polygon", "expected"),
    [
        ((0.5, 0.5), SQUARE, True),
        ((0.1, 0.5), SQUARE, False),
        ((0.5, 0.9), SQUARE, False),
        ((0.2, 0.5), ARROW, True),
        ((0.9, 0.5), ARROW, False),
    ],
)
def test_inside_a_polygon(place, polygon, expected):
    """Convex or not."""
    assert inside(Point(*place), polygon) is expected


def walk(settings: Settings, *places: tuple[float, float]) -> tuple[str, ...]:
    path = Path(Space(settings))
    for place in places:
        path.step(Point(*place))
    return path.places


@pytest.mark.parametrize(
    ("way", "counted"),
    [
        ([(0.3, 0.5), (0.7, 0.5)], ("line_door_in",)),
        ([(0.7, 0.5), (0.3, 0.5)], ("line_door_out",)),
        ([(0.3, 0.5), (0.7, 0.5), (0.3, 0.5)], ("line_door_in", "line_door_out")),
        ([(0.3, 0.5), (0.49, 0.5), (0.51, 0.5), (0.49, 0.5), (0.3, 0.5)], ()),
        ([(0.3, 0.5), (0.49, 0.5), (0.51, 0.5), (0.7, 0.5)], ("line_door_in",)),
        ([(0.3, 0.1), (0.7, 0.1)], ()),
        ([(0.47, 0.3), (0.53, 0.7)], ()),
        ([(0.5, 0.5)], ()),
    ],
    ids=["in", "out", "in and out", "dithering on the line", "slowly across", "past its end",
         "along it", "only on it"],
)  # fmt: skip
def test_a_line_counts_who_crosses_it(way, counted):
    """With direction, hysteresis and a least angle."""
    assert walk(Settings(lines=(DOOR,)), *way) == counted


def test_a_zone_counts_a_person_once():
    """However often the person enters it."""
    shop = Zone(name="shop", polygon=SQUARE)
    way = [(0.1, 0.5), (0.5, 0.5), (0.1, 0.5), (0.6, 0.5)]
    assert walk(Settings(zones=(shop,)), *way) == ("zone_shop_people",)


@pytest.mark.parametrize(
    ("uses", "seen"),
    [
        ((), [0.1, 0.5, 0.9]),
        (("exclude",), [0.1, 0.9]),
        (("include",), [0.5]),
        (("count",), [0.1, 0.5, 0.9]),
    ],
)
def test_masks_hide_faces(uses, seen):
    """`include` hides all else, `exclude` hides itself, `count` hides nothing."""
    space = Space(Settings(zones=tuple(Zone(name="a", polygon=SQUARE, use=use) for use in uses)))
    faces = [Face(Box(1000 * x - 10, 490, 20, 20), 0.9) for x in (0.1, 0.5, 0.9)]
    visible = space.visible(faces, 1000, 1000)
    assert [face.box.centre.x / 1000 for face in visible] == seen


def test_every_place_has_its_keys():
    """So that a window can say zero."""
    settings = Settings(
        zones=(Zone(name="shop", polygon=SQUARE), Zone(name="sky", polygon=SQUARE, use="exclude")),
        lines=(DOOR,),
    )
    assert Space(settings).keys == ("zone_shop_people", "line_door_in", "line_door_out")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"zones": [{"name": "A b", "polygon": SQUARE}]}, "name"),
        ({"zones": [{"name": "a", "polygon": SQUARE[:2]}]}, "length >= 3"),
        ({"zones": [{"name": "a", "polygon": [(0, 0), (2, 0), (0, 1)]}]}, "<= 1"),
        ({"zones": [{"name": "a", "polygon": SQUARE}] * 2}, "differ among the zones"),
        ({"lines": [{"name": "a", "start": (0, 0), "end": (0, 0)}]}, "start and an end"),
        ({"lines": [{"name": "a", "start": (0, 0), "end": (0, 1), "angle": 3}]}, "angle"),
    ],
)
def test_a_wrong_place_is_refused(table, message):
    """When the file is read, naming what is wrong."""
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(table, Settings)
