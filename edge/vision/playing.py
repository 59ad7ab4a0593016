"""How far a recording is, shown to who watches the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress

from edge.progress import Pace

REDRAW_S = 0.25


class Playing:
    """A bar for a recording whose length is known; nothing for a camera.

    A terminal that is gone by now is no error: what is counted is not for it.
    """

    def __init__(
        self, label: str, played: Callable[[], tuple[float, float]], *, shown: bool
    ) -> None:
        """`played` gives the seconds that were looked at, and the recording's length."""
        self._label = label
        self._played = played
        self._shown = shown and sys.stderr.isatty()
        self._pace: Pace | None = None
        self._drawn_s = 0.0

    def tick(self) -> None:
        """Draw it where it is due."""
        now_s = time.monotonic()
        if not self._shown or now_s - self._drawn_s < REDRAW_S:
            return
        at_s, length_s = self._played()
        if length_s <= 0:
            return
        self._drawn_s = now_s
        self._pace = self._pace or Pace(length_s, self._label)
        with suppress(OSError):
            self._pace.show_time(min(at_s, length_s - 0.01))

    def end(self) -> None:
        """Leave the line to what comes next."""
        if self._pace is not None:
            with suppress(OSError):
                print(file=sys.stderr)
