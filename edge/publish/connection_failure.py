"""Why a connection failed, how long to wait now, and what of it to say."""

from __future__ import annotations

import logging
from random import Random

from edge.broker_address import Endpoint
from edge.config.broker import Mqtt
from edge.publish.backoff import Backoff

log = logging.getLogger("mqtt")

SETTLED_S = 10.0
"""A connection that held this long resets the back-off; two clients under one id never settle."""
SHORT_LIVES = 3
"""Connections in a row that the broker took and soon closed, before we suspect a namesake."""


class ConnectionFailure:
    """One attempt's troubles, and the memory of earlier ones: the same line is said once."""

    def __init__(
        self, settings: Mqtt, client_id: str, random: Random, to: Endpoint | None = None
    ) -> None:
        """`to` is the broker, the first of the settings' without it."""
        self._client_id = client_id
        self.where = str(to or settings.endpoint)
        """The broker, as logs name it."""
        self._settings = settings
        self._backoff = Backoff(settings.reconnect_min_s, settings.reconnect_max_s, random)
        self._short_lives = 0
        self._heard = ""  # the last reason in this row of short lives
        self._reason = ""
        self._refused = False
        self.said = ""
        """What is wrong, as last said; empty while nothing is."""
        self.explained = False
        """Whether the attempt ended with a reason, rather than in silence."""

    def begin(self) -> None:
        """A new attempt."""
        self._reason, self._refused, self.explained = "", False, False

    def note(self, reason: str, *, refused: bool = False, explained: bool = True) -> None:
        """Something went wrong; the first reason is the one that counts, a refusal counts more."""
        if refused or not self._reason:
            self._reason = reason
        self._refused = self._refused or refused
        self.explained = self.explained or explained

    def over(self) -> None:
        """The broker took us."""
        self.said = ""

    def settled(self) -> None:
        """The connection has held."""
        if self.keeps_closing:
            log.info("the connection to %s holds", self.where)
        self._backoff.reset()
        self._short_lives, self._heard = 0, ""

    @property
    def keeps_closing(self) -> bool:
        """Whether the broker takes us again and again, and ends it each time."""
        return self._short_lives >= SHORT_LIVES

    def lost(self, lived_s: float) -> None:
        """A connection that worked is gone; not every broker says that a namesake took it.

        What the broker does say, or is known otherwise, is never replaced by this guess; nor what
        it said a moment ago, for a reset can overtake its words.
        """
        if lived_s > SETTLED_S:
            self._short_lives, self._heard = 0, ""
        else:
            self._short_lives += 1
        if self.keeps_closing and not self._reason:
            self._reason = self._heard or (
                "the broker keeps closing the connection: its ACL may forbid a topic or its limit "
                "a message's size (see its log), or another client is connected as "
                f"{self._client_id} (device.name must be unique)"
            )

    def pause_s(self) -> float:
        """How long to wait now; says why, where that is news."""
        self._heard = self._reason or self._heard
        pause_s = (
            self._backoff.slow_s(self._settings.refused_retry_s)
            if self._refused
            else self._backoff.next_s()
        )
        reason = self._reason or "the broker closed the connection"
        level = logging.DEBUG if reason == self.said else logging.WARNING
        log.log(level, "%s: %s; trying again, next in %.1f s", self.where, reason, pause_s)
        self.said = reason
        return pause_s
