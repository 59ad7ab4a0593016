"""Zones and lines that were placed while this process runs: when to read the configuration anew."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.config.space_file import fingerprint
from edge.config.tables import Config
from edge.errors import UserError

log = logging.getLogger("publisher")


class NewPlaces:
    """Compares the places that vision counts by with those that may be told."""

    def __init__(self, config: Config, reread: Callable[[], Config] | None) -> None:
        self._config, self._reread = config, reread
        self._looked_for = self._ours = fingerprint(config.space)

    def are(self, told: str | None) -> bool:
        """Whether the configuration, read again, has the places of which vision told.

        It is read once for each of them: vision alone decides nothing, and costs nothing.
        """
        if told in (None, self._ours, self._looked_for) or self._reread is None:
            return False
        self._looked_for = told
        try:
            return fingerprint(self._reread().space) == told
        except UserError as error:
            log.warning("vision counts by other zones and lines, which cannot be read: %s", error)
            return False


def keys_now(config: Config, reread: Callable[[], Config] | None) -> tuple[str, ...]:
    """The keys of places that may be told, as the configuration has them now; else as it had."""
    try:
        return (reread() if reread else config).space.keys
    except UserError:
        return config.space.keys
