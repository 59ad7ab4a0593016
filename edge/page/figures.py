"""Reports as the page needs them, each made once in a while, however often it is looked at."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from edge.config.tables import Config
from edge.errors import UserError
from edge.history.kept import require_files, unreadable
from edge.history.read import UnreadableError
from edge.report.build import build, days_of
from edge.report.figures import Report, Row
from edge.report.period import Kind

log = logging.getLogger("page")
T = TypeVar("T")

KEPT_S = 15.0
KEPT_MAX = 12
DAYS = 28
"""Of the last weeks."""


class Figures:
    """What history and outbox tell; UserError, of one sentence, where they can't be read.

    One thread at a time reads, so that many who look cost no more than one.
    """

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._reading = threading.Lock()
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}

    def report(self, kind: Kind, text: str) -> Report:
        """Of the period that `text` names; ConfigError where it is none."""
        return self._once((kind, text), lambda: build(self._config, kind, text, time.time()))

    def recent(self) -> list[Row]:
        """The last weeks, a row each day."""
        return self._once(("recent",), lambda: days_of(self._config, DAYS, time.time()))

    def _once(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        with self._reading:
            made_s, found = self._kept.pop(key, (-1e9, None))
            if self._clock() - made_s > KEPT_S:
                made_s, found = self._clock(), self._made(make)
            self._kept[key] = (made_s, found)
            while len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
            return cast(T, found)

    def _made(self, make: Callable[[], T]) -> T:
        try:
            require_files(self._config)
            return make()
        except UnreadableError as error:
            raise unreadable(self._config, error) from None
        except OSError as error:
            raise UserError(f"history and outbox can't be read: {error.strerror}") from error
