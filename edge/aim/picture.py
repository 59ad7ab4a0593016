"""A look and the places → characters: the frame empty but for boxes, zones and lines.

Only ASCII, so that any terminal and any encoding shows it alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from edge.aim.places import Place, Places, Spot
from edge.messages.aim import COLUMNS, ROWS, Passed, SeenFace, Sight

CELL_RATIO = 0.5
"""Width of a character over its height, as most fonts have it."""
LEAST = 8, 4
MARKS = {"count": ".", "include": "~", "exclude": "x"}
CHOSEN, CORNER = "#", "@"


class Canvas:
    """Characters, by fractions of the frame."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]

    def put(self, spot: Spot, text: str) -> None:
        """Write at a place; what reaches beyond the frame is cut."""
        column, row = self._cell(spot)
        for place, sign in enumerate(text, column):
            if 0 <= place < self.columns and 0 <= row < self.rows:
                self._cells[row][place] = sign

    def line(self, one: Spot, other: Spot, sign: str) -> None:
        """A straight line."""
        (a, b), (c, d) = self._cell(one), self._cell(other)
        steps = max(abs(c - a), abs(d - b), 1)
        for step in range(steps + 1):
            x, y = round(a + (c - a) * step / steps), round(b + (d - b) * step / steps)
            if 0 <= x < self.columns and 0 <= y < self.rows:
                self._cells[y][x] = sign

    def lines(self) -> Iterator[str]:
        """Row by row, in a frame."""
        edge = f"+{'-' * self.columns}+"
        yield edge
        yield from (f"|{''.join(row)}|" for row in self._cells)
        yield edge

    def _cell(self, spot: Spot) -> tuple[int, int]:
        x, y = spot
        return round(x * (self.columns - 1)), round(y * (self.rows - 1))


def size_of(sight: Sight | None, columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows for a frame of this shape, without its border, in so much room."""
    shape = sight.height / max(sight.width, 1) if sight else 9 / 16
    across, down = max(columns - 2, LEAST[0]), max(rows - 2, LEAST[1])
    fitting = round(across * shape * CELL_RATIO)
    if fitting <= down:
        return across, max(fitting, LEAST[1])
    return max(round(down / (shape * CELL_RATIO)), LEAST[0]), down


def picture(
    sight: Sight | None, places: Places, size: tuple[int, int], *, passed: bool
) -> list[str]:
    """The lines to show; `passed`: with the map of where visits passed."""
    canvas = Canvas(*size)
    if sight and passed:
        _draw_map(canvas, sight.passed)
    for place in places.all:
        _draw_place(canvas, place, chosen=place is places.chosen)
    if places.corner:
        canvas.put(places.corner, CORNER)
    for face in sight.faces if sight else ():
        _draw_face(canvas, face, sight)
    return list(canvas.lines())


def _draw_map(canvas: Canvas, passed: Sequence[Passed]) -> None:
    for cell in passed:
        canvas.put(((cell.column + 0.5) / COLUMNS, (cell.row + 0.5) / ROWS), str(cell.visits))


def _draw_place(canvas: Canvas, place: Place, *, chosen: bool) -> None:
    sign = CHOSEN if chosen else MARKS[place.use] if place.kind == "zones" else "*"
    closed = [*place.spots, place.spots[0]] if place.kind == "zones" else place.spots
    for one, other in pairwise(closed):
        canvas.line(one, other, sign)
    if place.kind == "lines":
        _draw_sides(canvas, *place.spots)
    canvas.put(place.spots[0], f"{sign}{place.name}")


def _draw_sides(canvas: Canvas, start: Spot, end: Spot) -> None:
    """in and out beside the middle: in is to the left of who walks from start to end."""
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    across, down = end[0] - start[0], end[1] - start[1]
    length = max((across**2 + down**2) ** 0.5, 1e-6)
    left = down / length * 0.06, -across / length * 0.06
    canvas.put((middle[0] + left[0], middle[1] + left[1]), "in")
    canvas.put((middle[0] - left[0], middle[1] - left[1]), "out")


def _draw_face(canvas: Canvas, face: SeenFace, sight: Sight | None) -> None:
    if sight is None:
        return
    left, right = (_near(x / sight.width) for x in (face.left, face.left + face.width))
    top, bottom = (_near(y / sight.height) for y in (face.top, face.top + face.height))
    corners = (left, top), (right, top), (right, bottom), (left, bottom)
    for (one, other), sign in zip(pairwise((*corners, corners[0])), "-|-|", strict=True):
        canvas.line(one, other, sign)
    for corner in corners:
        canvas.put(corner, "+")
    canvas.put(((left + right) / 2, (top + bottom) / 2), face.verdict[0])


def _near(share: float) -> float:
    """A place in the frame or just beyond it."""
    return min(max(share, -0.1), 1.1)
