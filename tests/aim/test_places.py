"""Keys → zones and lines, as the configuration takes them."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.aim.places import FAR_STEP, STEP, Places
from edge.aim.screen import LOSES, Board
from edge.config.people import Space
from edge.config.places import Line, Zone
from edge.errors import ConfigError

NOWHERE = Space()
ZONE = Zone(name="till", polygon=((0.1, 0.1), (0.5, 0.1), (0.5, 0.5)), use="exclude")
LINE = Line(name="door", start=(0.5, 0.2), end=(0.5, 0.8), hysteresis=0.05, angle_min_deg=30.0)


def board(space: Space = NOWHERE, wrote: list[Space] | None = None) -> Board:
    def write(places: Places) -> str:
        (wrote if wrote is not None else []).append(places.space())
        return "written"

    return Board(Places(space), write)


def typed(keys: str, space: Space = NOWHERE) -> Board:
    found = board(space)
    for key in keys:
        found.key(key)
    return found


def test_what_is_not_touched_is_written_as_it_was():
    """Also the keys that aim does not show."""
    space = Space(zones=(ZONE,), lines=(LINE,))
    assert Places(space).space() == space


@pytest.mark.parametrize(
    ("keys", "zones", "lines"),
    [
        ("z", ["zone_1"], []),
        ("zz", ["zone_1", "zone_2"], []),
        ("zl", ["zone_1"], ["line_1"]),
        ("zx", [], []),
        ("ze" "till\n", ["till"], []),
        ("ze" "tilx\x7fl\r", ["till"], []),
        ("ze" "q\x1b", ["zone_1"], []),
        ("x u r + - e m \t", [], []),
    ],
    ids=["zone", "two", "both", "deleted", "named", "mistyped", "not named", "nothing there"],
)  # fmt: skip
def test_keys_make_name_and_delete_places(keys, zones, lines):
    """Names that are free are given by themselves; a name being typed takes every letter."""
    space = typed(keys).places.space()
    assert [zone.name for zone in space.zones] == zones
    assert [line.name for line in space.lines] == lines


def test_arrows_move_the_chosen_corner_within_the_frame():
    """By a hundredth of the frame, with Shift by a twentieth; Space chooses the next corner."""
    places = typed("l").places
    places.move(1, 0, STEP)
    places.next_corner()
    places.move(0, 1, FAR_STEP)
    assert places.space().lines[0].start == (0.51, 0.3)
    assert places.space().lines[0].end == (0.5, 0.75)
    for _ in range(100):
        places.move(1, 1, FAR_STEP)
    assert places.space().lines[0].end == (1.0, 1.0)


def test_corners_uses_and_sides_change():
    """A zone keeps three corners at least, a line its two."""
    assert len(typed("z+").places.space().zones[0].polygon) == 5
    assert len(typed("z---").places.space().zones[0].polygon) == 3
    assert typed("zu").places.space().zones[0].use == "include"
    assert typed("zuuu").places.space().zones[0].use == "count"
    turned = typed("r", Space(lines=(LINE,))).places.space().lines[0]
    assert (turned.start, turned.end) == (LINE.end, LINE.start)
    assert (turned.hysteresis, turned.angle_min_deg) == (0.05, 30.0)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("zzetill\nzetill\n", "expected names that differ"),
        ("zeTill\n", "space.zones[0].name"),
        ("z ", ""),
    ],
)
def test_places_that_cannot_be_are_refused_in_a_sentence(keys, said):
    """And stay as they are, to be mended."""
    places = typed(keys).places
    if not said:
        assert places.space()
        return
    with pytest.raises(ConfigError) as refused:
        places.space()
    assert said in str(refused.value)


def test_w_writes_and_tells_how_that_went():
    """What was refused counts as not written."""
    wrote: list[Space] = []
    kept = board(wrote=wrote)
    for key in "lw":
        kept.key(key)
    assert kept.said == "written"
    assert wrote[0].lines[0].name == "line_1"
    assert not kept.places.changed
    for key in "eBAD\nw":
        kept.key(key)
    assert "space.lines[0].name" in kept.said
    assert kept.places.changed


def test_leaving_what_is_not_written_takes_two_keys():
    """Unless nothing was changed."""
    assert typed("q").ended
    once = typed("lq")
    assert (once.ended, once.said) == (False, LOSES)
    once.key("q")
    assert once.ended
    assert not typed("lq q").ended  # something else came between


@given(
    st.lists(st.sampled_from([*"zlxur+-em \tw", "\n", "a", 258, 259, 260, 261, 9999]), max_size=40)
)
def test_no_keys_in_any_order_end_it_by_an_error(keys):
    """Every screen between them can be drawn."""
    found = board()
    for key in keys:
        found.key(key)
        assert found.lines(40, 12)
