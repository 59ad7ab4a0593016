"""`agender-hub run`: from its start to a signal."""

from __future__ import annotations

import logging
import signal
from contextlib import closing
from types import FrameType

from hub.ingest.ingest import Ingestor
from hub.ingest.settings import Settings
from hub.store import open_store
from hub.store.base import shown

log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """True once a signal has asked the program to end."""

    def __init__(self) -> None:
        self._asked = False
        for number in ENDING:
            signal.signal(number, self._ask)

    def __bool__(self) -> bool:
        return self._asked

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


def run(settings: Settings, address: str) -> int:
    """Store windows until a signal; StoreError and BrokerError where that is no use."""
    ending = Ending()
    store = open_store(address)
    log.info("store: %s", shown(address))
    with closing(store), closing(Ingestor(settings, store)) as ingestor:
        while not ending:
            ingestor.turn()
    return 0
