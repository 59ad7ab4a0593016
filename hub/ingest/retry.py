"""When to try again what has failed."""

from __future__ import annotations

import random
import time

MIN_S, MAX_S = 0.5, 30.0


class Retry:
    """Full jitter, under a bound that doubles with each failure in a row."""

    def __init__(self) -> None:
        self._tries = 0
        self._next_s = 0.0

    def later(self) -> bool:
        """Set the next try after a failure; whether it is the first in a row."""
        bound_s = min(MIN_S * 2 ** min(self._tries, 10), MAX_S)
        self._next_s = time.monotonic() + random.uniform(MIN_S / 2, bound_s)
        self._tries += 1
        return self._tries == 1

    def wait(self, timeout_s: float) -> bool:
        """Sleep until the next try, `timeout_s` at most; whether it is time."""
        wait_s = self._next_s - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, timeout_s))
        return wait_s <= 0

    def reset(self) -> None:
        """The row of failures is over."""
        self._tries = 0
