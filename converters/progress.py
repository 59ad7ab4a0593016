"""A progress bar on standard error, shown to people only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
WIDTH = 30


def show(done: float, total: float, label: str, amount: str) -> None:
    """Draw the bar, once more at each call; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        return
    part = done / total if total else 0.0
    end = "\n" if done >= total > 0 else ""
    bar = "#" * int(part * WIDTH)
    print(f"\r{label} [{bar:<{WIDTH}}] {amount} ", end=end, file=sys.stderr, flush=True)


def over(items: Sequence[Item], label: str) -> Iterator[Item]:
    """The items, one by one, with a bar."""
    for number, item in enumerate(items):
        yield item
        show(number + 1, len(items), label, f"{number + 1}/{len(items)}")


class Pace:
    """A bar that also says how much time is left."""

    def __init__(self, total: int, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._label = label
        self._clock = clock
        self._began_s = clock()

    def show(self, done: int) -> None:
        """Draw it: so many are done."""
        show(done, self._total, self._label, f"{done}/{self._total}, {self.left(done)}")

    def left(self, done: int) -> str:
        """'1:05 left' in minutes and seconds, going by the pace so far; nothing before that."""
        if not done:
            return ""
        rest_s = (self._clock() - self._began_s) / done * max(self._total - done, 0)
        minutes, seconds = divmod(round(rest_s), 60)
        hours, minutes = divmod(minutes, 60)
        return (
            f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"
        )
