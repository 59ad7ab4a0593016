"""The verb `aim`: ask the running vision, show what it tells, keep the places that were placed."""

from __future__ import annotations

import argparse
import curses
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from edge.aim.for_browser import show
from edge.aim.keeping import AGAIN_S, keep
from edge.aim.places import Places
from edge.aim.screen import Board
from edge.aim.terminal import draw, drawable, typed, wait
from edge.aim.words import advice, faces_line, view_line
from edge.config.read import file_of, places_as_toml
from edge.config.tables import Config
from edge.endings import endings
from edge.errors import ConfigError, UserError
from edge.host.units import adopt_folders
from edge.messages.aim import SECONDS_MAX, Aim, Refused, Sight
from edge.messages.aim_door import AimLine
from edge.output import say

WORDS_S = 1.0
"""Between two lines where there is no terminal."""
DRAW_S = 0.1
SILENCE_S = 10.0
"""Without a frame for so long something is wrong with the camera."""
STALE_S = 5.0
"""A look that is older is shown no longer."""


def run(read: Callable[[], Config], parsed: argparse.Namespace) -> int:
    """Show what the camera's view is good for until the time is over or the user ends it.

    `read` reads the configuration, once it is known where the services have their sockets.
    """
    if not 1 <= parsed.seconds <= SECONDS_MAX:
        raise ConfigError(f"--for {parsed.seconds}: from 1 to {SECONDS_MAX} seconds")
    adopt_folders(parsed.config)
    config = read()
    until_s = time.monotonic() + parsed.seconds
    with endings(even_ignored=True):
        if parsed.page:
            show(config, file_of(parsed.config), until_s)
            return 0
        if parsed.json or not drawable():
            _tell(config, until_s, as_json=parsed.json)
            return 0
        aiming = Aiming(config, file_of(parsed.config), until_s)
        try:
            curses.wrapper(aiming.loop)
        finally:
            aiming.tell_unwritten()
    say("ended")
    return 0


def _tell(config: Config, until_s: float, *, as_json: bool) -> None:
    """A line for each look, or for one a second in words."""
    told_s = 0.0
    with AimLine(config.paths.runtime, Aim(seconds=_left(until_s))) as line:
        for sight in _sights(line, until_s):
            if as_json:
                print(msgspec.json.encode(sight).decode(), flush=True)
            elif time.monotonic() - told_s >= WORDS_S:
                told_s = time.monotonic()
                parts = faces_line(sight), view_line(sight), advice(sight)
                print("; ".join(filter(None, parts)), flush=True)


def _sights(line: AimLine, until_s: float) -> Iterator[Sight]:
    """What vision shows until the time is over; UserError where it shows nothing (more)."""
    while time.monotonic() < until_s:
        told = line.receive(min(SILENCE_S, max(until_s - time.monotonic(), 0.0)))
        if isinstance(told, Sight):
            yield told
        elif isinstance(told, Refused) and time.monotonic() < until_s - 1:
            raise UserError(told.error)
        elif told is None and time.monotonic() < until_s:
            raise UserError(
                f"no frame for {SILENCE_S:g} s: is the camera on? (agender-edge doctor)"
            )


def _left(until_s: float) -> int:
    return max(round(until_s - time.monotonic()), 1)


class Aiming:
    """One sitting before a terminal."""

    def __init__(self, config: Config, file: Path | None, until_s: float) -> None:
        self._config, self._file, self._until_s = config, file, until_s
        self._board = Board(Places(config.space), self._keep)
        self._line: AimLine | None = self._ask()
        self._seen_s = time.monotonic()
        self._starts_anew_s = -math.inf
        """Until then vision may be starting with the places it took."""

    def loop(self, window: curses.window) -> None:
        """Draw and take keys until something ends it; UserError where that was not the user."""
        window.keypad(True)
        window.nodelay(True)
        try:
            while not self._board.ended and time.monotonic() < self._until_s:
                wait([self._line.fileno()] if self._line else [], DRAW_S)
                self._hear()
                for key in typed(window):
                    self._board.key(key)
                draw(window, self._board)
        finally:
            self._let_go()

    def tell_unwritten(self) -> None:
        """Places that were not written, however it ended: to be kept by hand, not to be lost."""
        if not self._board.places.changed:
            return
        with suppress(ConfigError, OSError):  # what can't be, or a terminal that is gone
            told = places_as_toml(self._board.places.space())
            print(f"# Not written; w writes them in time:\n[space]\n{told}", end="", flush=True)

    def _let_go(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _ask(self) -> AimLine:
        return AimLine(self._config.paths.runtime, Aim(seconds=_left(self._until_s)))

    def _hear(self) -> None:
        """Take the newest look of those that wait; ask again a vision that starts anew."""
        try:
            self._line = self._line or self._ask()
            while (told := self._line.receive(0)) is not None:
                if isinstance(told, Refused) and time.monotonic() < self._until_s - 1:
                    raise UserError(told.error)
                if isinstance(told, Sight):
                    self._board.sight, self._seen_s = told, time.monotonic()
            now_s = time.monotonic()
            self._board.blind = now_s >= max(self._seen_s + STALE_S, self._starts_anew_s)
        except UserError:
            if time.monotonic() >= self._starts_anew_s:
                raise
            self._let_go()

    def _keep(self, places: Places) -> str:
        """Write the places; the ones before come back where vision does not take these."""
        file = keep(places.space(), self._file, self._config.paths.runtime)
        self._starts_anew_s = time.monotonic() + AGAIN_S
        return f"vision has taken them; they are in {file}"
