"""A progress bar on standard error, shown to people only."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
WIDTH = 30
CLEAR = "\x1b[K"
"""Takes away what is left of the line (ECMA-48, EL)."""


def show(done: float, total: float, label: str, amount: str) -> None:
    """Draw the bar, once more at each call; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        return
    part = min(done / total, 1.0) if total else 0.0
    end = "\n" if done >= total > 0 else ""
    room = shutil.get_terminal_size().columns - 1
    width = max(min(WIDTH, room - len(label) - len(amount) - 5), 0)
    bar = "#" * int(part * width)
    line = f"{label} [{bar:<{width}}] {amount} " if width else f"{label[: room // 2]} {amount}"
    print(f"\r{line[:room]}{CLEAR}", end=end, file=sys.stderr, flush=True)


def over(items: Sequence[Item], label: str) -> Iterator[Item]:
    """The items, one by one, with a bar."""
    for number, item in enumerate(items):
        yield item
        show(number + 1, len(items), label, f"{number + 1}/{len(items)}")


class Pace:
    """A bar that also says how much time is left."""

    def __init__(
        self, total: float, label: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._label = label
        self._clock = clock
        self._began_s = clock()

    def show(self, done: int) -> None:
        """Draw it: so many are done."""
        show(done, self._total, self._label, f"{done}/{self._total}, {self.left(done)}")

    def show_time(self, done_s: float) -> None:
        """Draw it for a total in seconds: so much of the time is done."""
        amount = f"{clock(done_s)} of {clock(self._total)}, {self.left(done_s)}"
        show(done_s, self._total, self._label, amount)

    def left(self, done: float) -> str:
        """'1:05 left' in minutes and seconds, going by the pace so far; nothing before that."""
        if not done:
            return ""
        rest_s = (self._clock() - self._began_s) / done * max(self._total - done, 0)
        return f"{clock(rest_s)} left"


def clock(duration_s: float) -> str:
    """1:05 in minutes and seconds, 1:01:05 where hours are needed."""
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
