"""A progress bar on standard error, shown to people only."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
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
