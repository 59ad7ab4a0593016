"""What `info` tells of the last audit: read again now and then, since an audit may end any time."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from edge.config.tables import Config
from edge.history import audited
from edge.messages.messages import Audited

log = logging.getLogger(__name__)

EVERY_S = 60.0
"""How soon after an audit its verdict is told."""


class AuditNews:
    """The verdict that lies beside the history; None while `audit.publish` is off."""

    def __init__(self, config: Config) -> None:
        self._on = config.audit.publish
        self._folder = Path(config.paths.state)
        self._next_s = float("-inf")
        self._trouble = ""
        self.told: Audited | None = None

    def changed(self, now_s: float) -> bool:
        """Whether there is another one than before; looked at once in EVERY_S."""
        if not self._on or now_s < self._next_s:
            return False
        self._next_s = now_s + EVERY_S
        before, self.told = self.told, self._read()
        return self.told != before

    def _read(self) -> Audited | None:
        """What can't be read, or is no verdict, is not told; the log says so once."""
        try:
            found, trouble = audited.left(self._folder), ""
        except (msgspec.MsgspecError, OSError, ValueError) as error:
            found, trouble = None, f"{audited.FILE_NAME} is not told: {error}"
        if trouble and trouble != self._trouble:
            log.warning("%s", trouble)
        self._trouble = trouble
        return found
