"""A look and the places → characters."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from edge.aim.picture import picture, size_of
from edge.aim.places import Places
from edge.aim.screen import Board
from edge.aim.words import advice, faces_line, view_line
from edge.config.people import Space
from edge.config.places import Line
from edge.messages.aim import Passed, SeenFace, Sight

NOWHERE = Space()


def sight(*faces: SeenFace, **more) -> Sight:
    return Sight(**{
        "width": 640, "height": 480, "ends_in_s": 61, "face_min_px": 20, "faces": faces,
        "light": 140, "moving": 3, "trouble": "", "looks": 0, "turned": 0, "passed": (),
    } | more)  # fmt: skip


def drawn(seen: Sight, space: Space = NOWHERE, **more) -> list[str]:
    return picture(seen, Places(space), size_of(seen, 80, 40), **{"passed": False} | more)


def test_a_face_is_a_box_where_it_is():
    """With the first letter of what is wrong with it in the middle."""
    lines = drawn(sight(SeenFace(320, 240, 160, 120, "small")))
    rows = [row for row, line in enumerate(lines) if "s" in line]
    assert len(rows) == 1
    assert abs(rows[0] / (len(lines) - 1) - 0.625) < 0.05
    assert abs(lines[rows[0]].index("s") / (len(lines[0]) - 1) - 0.625) < 0.03


def test_a_picture_without_a_face_is_an_empty_frame():
    """Nothing of the camera's picture is in it."""
    assert set("".join(drawn(sight()))) == set("+-| ")


def test_in_stands_left_of_who_walks_from_start_to_end():
    """As docs and `edge.runtime.people.space` have it: downwards, left is to the east."""
    down = Line(name="a", start=(0.5, 0.2), end=(0.5, 0.8))
    row = next(line for line in drawn(sight(), Space(lines=(down,))) if "in" in line)
    assert row.index("out") < row.index("#") < row.index("in")


def test_the_map_is_shown_on_demand():
    """Its numbers lie where the visits passed."""
    seen = sight(passed=(Passed(8, 4, 12),))
    assert not any("12" in line for line in drawn(seen))
    assert sum("12" in line for line in drawn(seen, passed=True)) == 1


def test_it_is_told_in_words_what_is_wrong_and_what_to_change():
    """The commonest fault first; nothing where all is well."""
    small = SeenFace(0, 0, 12, 16, "small")
    good = SeenFace(0, 0, 40, 50, "good")
    assert faces_line(sight(good, small)).startswith("1 good, 1 too small; the widest 40 px")
    assert faces_line(sight()) == "no face in view"
    assert "longer lens" in advice(sight(small))
    assert advice(sight(good, small)) == ""
    assert "towards it" in advice(sight(good, looks=10, turned=8))
    assert "focus" in advice(sight(good, trouble="blurred"))
    assert view_line(sight(trouble="dark", looks=4, turned=1)) == (
        "DARK, light 140 of 255, 3 % moving, 25 % of 4 looks aside"
    )


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 100)),
    st.tuples(st.integers(1, 8000), st.integers(1, 8000)),
    st.tuples(st.integers(-(2**20), 2**20), st.integers(0, 2**20)),
)
def test_no_line_is_wider_and_no_screen_higher_than_the_terminal(terminal, frame, box):
    """Whatever the camera's shape, and wherever a face is said to be."""
    (columns, rows), (width, height), (left, size) = terminal, frame, box
    board = Board(Places(NOWHERE), lambda _: "")
    board.sight = sight(SeenFace(left, left, size, size, "cut"), width=width, height=height)
    lines = board.lines(columns, rows)
    assert len(lines) <= rows
    assert all(len(line) <= columns for line in lines)
