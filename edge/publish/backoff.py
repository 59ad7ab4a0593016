"""How long to wait before connecting again."""

from __future__ import annotations

from random import Random


class Backoff:
    """Exponential back-off with full jitter: uniform between 0 and a bound that doubles.

    Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: of the schemes
    compared there it puts the least load on a server that comes back to a thousand clients.
    """

    def __init__(self, min_s: float, max_s: float, random: Random) -> None:
        self._min_s, self._max_s, self._random = min_s, max(min_s, max_s), random
        self._failures = 0

    def next_s(self) -> float:
        """The next pause, in seconds."""
        bound_s = min(self._max_s, self._min_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return self._random.uniform(0.0, bound_s)

    def slow_s(self, pause_s: float) -> float:
        """A pause after a refusal: around `pause_s`, spread so that devices don't march in step."""
        return self._random.uniform(0.5, 1.5) * pause_s

    def reset(self) -> None:
        """Start again with the shortest bound: the connection has held."""
        self._failures = 0
