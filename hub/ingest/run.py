"""`agender-hub run`: from its start to a signal."""

from __future__ import annotations

import logging
import signal
from contextlib import closing
from types import FrameType

from hub.errors import UsageError
from hub.ingest.ingest import Ingestor
from hub.ingest.settings import Settings
from hub.ingest.source import Connect
from hub.store import open_store
from hub.store.base import shown

log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """True once a signal has asked the program to end; `close` gives the signals back."""

    def __init__(self) -> None:
        self._asked = False
        self._before = {number: signal.signal(number, self._ask) for number in ENDING}

    def __bool__(self) -> bool:
        return self._asked

    def close(self) -> None:
        """Hear no signals any more."""
        for number, before in self._before.items():
            signal.signal(number, before)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


def run(settings: Settings, address: str) -> int:
    """Store windows until a signal; StoreError and BrokerError where that is no use."""
    with closing(Ending()) as ending, closing(open_store(address)) as store:
        log.info("store: %s", shown(address))
        with closing(Ingestor(settings, store, _source_of(settings))) as ingestor:
            while not ending:
                ingestor.turn()
    return 0


def _source_of(settings: Settings) -> Connect:
    """The client for the broker that the settings name."""
    if not settings.nats:
        from hub.ingest.mqtt import MqttSource  # noqa: PLC0415 - one of the two is needed

        return MqttSource
    try:
        from hub.ingest.jetstream import JetStreamSource  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"--nats needs nats-py ({error}): pip install 'agender-edge[hub]'"
        ) from None
    return JetStreamSource
