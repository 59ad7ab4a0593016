"""When the publisher starts itself anew with the configuration read again, and whether it can."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.config.space_file import fingerprint
from edge.config.tables import Config
from edge.errors import UserError
from edge.publish.auto_broker import require
from edge.publish.credentials import login, tls_context

log = logging.getLogger("publisher")


class Reload:
    """Asked for by the request `reload`, and by a vision that counts by places placed meanwhile.

    `reread` reads the configuration again; without it nothing is checked and no places are new.
    """

    def __init__(self, config: Config, reread: Callable[[], Config] | None) -> None:
        self.asked = False
        self._reread = reread
        self._looked_for = self._ours = fingerprint(config.space)

    def check(self, verb: str) -> None:
        """A configuration that can't be used must not end a device that runs: UserError."""
        if verb == "reload" and self._reread is not None:
            settings = self._reread().mqtt
            login(settings)
            tls_context(settings)
            require(settings)

    def done(self, verb: str) -> None:
        """Vision has carried out a request: after `reload` it is the publisher's turn."""
        self.asked = self.asked or verb == "reload"

    def vision_counts_by(self, places: str | None) -> None:
        """Vision told the fingerprint of its places; others than ours are left out of what is sent.

        The publisher starts anew where the configuration has them too.
        """
        if not self._are_configured(places):
            return
        try:
            self.check("reload")
        except UserError as error:
            log.warning("vision counts by other zones and lines: %s", error)
        else:
            self.done("reload")

    def _are_configured(self, places: str | None) -> bool:
        """Whether the configuration, read again, has other places than ours, and these.

        It is read once for each of them: vision alone decides nothing, and costs nothing.
        """
        if places in (None, self._ours, self._looked_for) or self._reread is None:
            return False
        self._looked_for = places
        try:
            return fingerprint(self._reread().space) == places
        except UserError as error:
            log.warning("vision counts by other zones and lines, which cannot be read: %s", error)
            return False


def keys_now(config: Config, reread: Callable[[], Config] | None) -> tuple[str, ...]:
    """The keys of places that may be told, as the configuration has them now; else as it had."""
    try:
        return (reread() if reread else config).space.keys
    except UserError:
        return config.space.keys
