"""The whole screen of `aim`, and the keys that change it. curses reads keys and knows terminals."""

from __future__ import annotations

import curses
import textwrap
from collections.abc import Callable, Mapping

from edge.aim.picture import picture, size_of
from edge.aim.places import FAR_STEP, STEP, Places
from edge.aim.words import advice, clock, faces_line, view_line
from edge.errors import UserError
from edge.messages.aim import Sight

SAID_LINES = 5
"""Of a sentence that is longer the rest is cut."""
NO_FRAME = "no frame for some seconds: is the camera on? (agender-edge doctor)"
KEYS = "z l new  Tab Space arrows choose, move  + - u r e x change  m map  w write  q end"
NAME_MAX = 32
ENDS = ("q", "\x03", "\x04")
ERASES = ("\x7f", "\x08", curses.KEY_BACKSPACE)
ENTERS = ("\n", "\r", curses.KEY_ENTER)
Key = str | int
"""A character, or a number of curses' for a key that has none."""
ARROWS: Mapping[Key, tuple[int, int, float]] = {
    curses.KEY_LEFT: (-1, 0, STEP),
    curses.KEY_RIGHT: (1, 0, STEP),
    curses.KEY_UP: (0, -1, STEP),
    curses.KEY_DOWN: (0, 1, STEP),
    curses.KEY_SLEFT: (-1, 0, FAR_STEP),
    curses.KEY_SRIGHT: (1, 0, FAR_STEP),
    curses.KEY_SR: (0, -1, FAR_STEP),
    curses.KEY_SF: (0, 1, FAR_STEP),
}


class Board:
    """What is shown, and what each key does to it."""

    def __init__(self, places: Places, write: Callable[[Places], str]) -> None:
        """`write` keeps the places, and tells how that went; UserError where it can't."""
        self.places = places
        self.sight: Sight | None = None
        self.said = ""
        self.ended = False
        self.blind = False
        """Whether no look came lately: what was seen then is shown no longer."""
        self._write = write
        self._map = False
        self._typed: str | None = None
        self._do: dict[Key, Callable[[], object]] = {
            "z": lambda: places.add("zones"),
            "l": lambda: places.add("lines"),
            "\t": places.next_place,
            " ": places.next_corner,
            "+": places.more_corners,
            "-": places.fewer_corners,
            "u": places.next_use,
            "r": places.turn_round,
            "x": places.delete,
            "m": self._show_map,
            "e": self._begin_name,
            "w": self._keep,
            **dict.fromkeys(ENDS, self._leave),
        }

    def key(self, key: Key) -> None:
        """Take one key."""
        if self._typed is not None:
            self._type(key)
            return
        said, self.said = self.said, ""
        if key in ARROWS:
            self.places.move(*ARROWS[key])
        elif key in ENDS and said == LOSES:
            self.ended = True
        elif key in self._do:
            self._do[key]()

    def lines(self, columns: int, rows: int) -> list[str]:
        """What the terminal shows, each line no wider than it."""
        below = self._below(columns)
        size = size_of(self.sight, columns, rows - len(below))
        shown = picture(None if self.blind else self.sight, self.places, size, passed=self._map)
        return [line[:columns] for line in [*shown, *below]][:rows]

    def _below(self, columns: int) -> list[str]:
        sight = None if self.blind else self.sight
        told = (
            [faces_line(sight), view_line(sight), advice(sight)]
            if sight
            else [NO_FRAME if self.blind else "waiting for a frame", "", ""]
        )
        told[0] += f" (ends in {clock(sight.ends_in_s)})" if sight else ""
        said = textwrap.wrap(self.said or KEYS, max(columns, 1))
        return [*told, self._chosen(), *said[:SAID_LINES]]

    def _chosen(self) -> str:
        if self._typed is not None:
            return f"its name: {self._typed}_ (Enter)"
        place, corner = self.places.chosen, self.places.corner
        if place is None or corner is None:
            return "no zone and no line yet"
        what = f"zone {place.name}, to {place.use}" if place.kind == "zones" else place.name
        changed = ", not written" if self.places.changed else ""
        return f"{what}: corner at {corner[0]:.2f} {corner[1]:.2f}{changed}"

    def _show_map(self) -> None:
        self._map = not self._map
        self.said = "" if self._map else "the map is hidden"

    def _begin_name(self) -> None:
        if self.places.chosen:
            self._typed = ""

    def _type(self, key: Key) -> None:
        typed = self._typed or ""
        if key in ENTERS:
            self._typed = None
            if typed:
                self.places.rename(typed)
        elif key in ERASES:
            self._typed = typed[:-1]
        elif key in ("\x1b", *ENDS[1:]):
            self._typed = None
        elif isinstance(key, str) and key.isprintable() and len(typed) < NAME_MAX:
            self._typed = typed + key

    def _keep(self) -> None:
        try:
            self.said = self._write(self.places)
        except UserError as error:
            self.said = str(error)
        else:
            self.places.changed = False

    def _leave(self) -> None:
        if self.places.changed:
            self.said = LOSES
        else:
            self.ended = True


LOSES = "zones and lines are not written: w writes them, q again leaves them"
