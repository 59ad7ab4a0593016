"""How often something may be done: so many times at once, then now and then."""

from __future__ import annotations

from typing import NamedTuple


class Budget(NamedTuple):
    """So many at once, then one more each time `every_s` has passed."""

    burst: int
    every_s: float


class Bucket:
    """Tokens of one budget, as they are spent and come again."""

    def __init__(self, budget: Budget, *, empty: bool = False) -> None:
        """`empty`: the burst is spent already, from the first use on."""
        self._budget = budget
        self._tokens = 0.0 if empty else float(budget.burst)
        self._at_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Spend one token; false where there is none."""
        gained = 0.0 if self._at_s is None else (now_s - self._at_s) / self._budget.every_s
        self._tokens = min(self._tokens + max(gained, 0.0), float(self._budget.burst))
        self._at_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
