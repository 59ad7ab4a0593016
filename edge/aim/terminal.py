"""The terminal that `aim` draws on: whether it can, what is typed, whether it is still there."""

from __future__ import annotations

import curses
import os
import select
import sys
from collections.abc import Iterator

from edge.aim.screen import Board, Key
from edge.output import say


def drawable() -> bool:
    """Whether both ends are a terminal on which a place can be written to; said where not."""
    if not all(end and end.isatty() for end in (sys.stdin, sys.stdout)):
        return False
    try:
        curses.setupterm()
        able = curses.tigetstr("cup") is not None
    except curses.error:  # there is no terminfo, or none of this name
        able = False
    if not able:
        say(
            f"TERM={os.environ.get('TERM', '')} cannot be drawn on, so it is told in words; "
            "TERM=xterm may help"
        )
    return able


def wait(others: list[int], within_s: float) -> None:
    """Until something is typed or comes; KeyboardInterrupt where the terminal is gone."""
    waiting = select.poll()
    for number in (sys.stdin.fileno(), *others):
        waiting.register(number, select.POLLIN)
    for number, events in waiting.poll(within_s * 1_000):
        if number == sys.stdin.fileno() and events & (select.POLLHUP | select.POLLERR):
            raise KeyboardInterrupt


def typed(window: curses.window) -> Iterator[Key]:
    """The keys that wait."""
    while True:
        try:
            yield window.get_wch()
        except curses.error:
            return


def draw(window: curses.window, board: Board) -> None:
    """Show the board on the whole of the terminal."""
    rows, columns = window.getmaxyx()
    window.erase()
    # The last column stays free: writing into the last cell of all moves the cursor out.
    for row, text in enumerate(board.lines(columns - 1, rows)):
        window.addstr(row, 0, text)
    window.refresh()
