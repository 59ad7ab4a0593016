"""Who has given the password, and the token without which no form is taken."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from edge.bucket import Bucket, Budget
from edge.page.guard import network_of

IDLE_S = 12 * 3600.0
SESSIONS_MAX = 64
TRIES = Budget(5, 20.0)
"""Of each address: five passwords, then one every 20 s."""
ALL_TRIES = Budget(60, 2.0)
"""Of all addresses together."""
CLIENTS_MAX = 1_024

_ID = re.compile(r"[A-Za-z0-9_-]{32}")

T = TypeVar("T")
Clock = Callable[[], float]


class Said(NamedTuple):
    """What a visitor is told once: a key of the catalogue, and what went wrong."""

    key: str
    error: str = ""


class Sessions:
    """Visitors by the random id in their cookie; all of it in memory, and bounded.

    Several threads ask at once: a page's parts are renewed together, and passwords may be tried so.
    """

    def __init__(self, password: str | None, clock: Clock) -> None:
        self._password, self._clock = password, clock
        self._key = secrets.token_bytes(32)
        self._seen_s: dict[str, float] = {}
        self._said: dict[str, Said] = {}
        self._all = Bucket(ALL_TRIES)
        self._clients: dict[str, Bucket] = {}
        self._one = threading.Lock()

    @property
    def guarded(self) -> bool:
        """Whether there is a password at all."""
        return self._password is not None

    def new(self) -> str:
        """An id for somebody new."""
        return secrets.token_urlsafe(24)

    def token(self, visitor: str) -> str:
        """What a form of this visitor's has to bring back."""
        return hmac.new(self._key, visitor.encode(), "sha256").hexdigest()

    def brings(self, visitor: str, token: str) -> bool:
        """Whether a form is one that this visitor was given."""
        return hmac.compare_digest(self.token(visitor), token.encode("ascii", "replace").decode())

    def may_see(self, visitor: str) -> bool:
        """Whether the password was given, or there is none; looking keeps it so."""
        if self._password is None:
            return True
        with self._one:
            seen_s, now_s = self._seen_s.pop(visitor, None), self._clock()
            if seen_s is None or now_s - seen_s > IDLE_S:
                return False
            self._seen_s[visitor] = now_s
            return True

    def may_try(self, client: str) -> bool:
        """Whether one more password is looked at; each costs a token."""
        client = network_of(client)
        with self._one:
            bucket = self._clients.pop(client, None) or Bucket(TRIES)
            self._clients[client] = bucket
            _bound(self._clients, CLIENTS_MAX)
            now_s = self._clock()
            return bucket.take(now_s) and self._all.take(now_s)

    def log_in(self, password: str) -> str | None:
        """The id of a session, where this is the password."""
        given, right = password.encode("utf-8", "replace"), (self._password or "").encode()
        if self._password is None or not hmac.compare_digest(given, right):
            return None
        visitor = self.new()
        with self._one:
            self._seen_s[visitor] = self._clock()
            _bound(self._seen_s, SESSIONS_MAX)
        return visitor

    def log_out(self, visitor: str) -> None:
        """The id is worth nothing from now on."""
        with self._one:
            self._seen_s.pop(visitor, None)
            self._said.pop(visitor, None)

    def say(self, visitor: str, said: Said) -> None:
        """To be told on the next page that this visitor sees."""
        with self._one:
            self._said[visitor] = said
            _bound(self._said, SESSIONS_MAX)

    def said(self, visitor: str) -> Said | None:
        """What is to be told now, once."""
        with self._one:
            return self._said.pop(visitor, None)


def known_form(visitor: str) -> bool:
    """Whether an id has the form of ours."""
    return _ID.fullmatch(visitor) is not None


def _bound(held: dict[str, T], most: int) -> None:
    """Forget the oldest of more than so many."""
    while len(held) > most:
        del held[next(iter(held))]
