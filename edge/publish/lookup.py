"""A host's name → its addresses, within a bound: the resolver has none that could be set.

Each look-up has a thread, which nothing can end. A name server that takes a TCP connection and
says nothing holds it for ever, so there is a bound on their number, too.
"""

from __future__ import annotations

import socket
import time
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from edge.ip_address import is_ip_address

MOST = 16
"""Look-ups under way; the unit allows the publisher 32 threads in all."""
CLOGGED_S = 300.0
"""The system's resolver gives most name servers up long before."""

Address = tuple[socket.AddressFamily, Any]
Answer = list[Address] | OSError | UnicodeError

_lock = Lock()
_under_way: dict[object, float] = {}
"""Look-ups and when they began (monotonic)."""


def addresses(host: str, port: int, within_s: float) -> list[Address]:
    """What the name stands for; gaierror where it is none, or no answer comes in time."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    token = object()
    if not is_ip_address(host):  # which is read, and nobody is asked
        _begin(token)

    def resolve() -> None:
        try:
            answers.put(_asked(host, port))
        finally:
            _end(token)

    try:
        Thread(target=resolve, daemon=True, name="resolve").start()
    except RuntimeError:  # the unit allows no more threads
        _end(token)
        raise _silent() from None
    try:
        answer = answers.get(timeout=within_s)
    except Empty:
        raise _silent() from None
    if isinstance(answer, UnicodeError):
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from answer
    if isinstance(answer, OSError):
        raise answer
    return answer


def clogged() -> bool:
    """Whether no name can be looked up any more, for as long as this process lives."""
    latest_s = time.monotonic() - CLOGGED_S
    with _lock:
        return len(_under_way) >= MOST and max(_under_way.values()) <= latest_s


def _asked(host: str, port: int) -> Answer:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error
    return [(entry[0], entry[4]) for entry in found]


def _begin(token: object) -> None:
    with _lock:
        if len(_under_way) >= MOST:
            raise _silent()
        _under_way[token] = time.monotonic()


def _end(token: object) -> None:
    with _lock:
        _under_way.pop(token, None)


def _silent() -> socket.gaierror:
    return socket.gaierror(socket.EAI_AGAIN, "the resolver does not answer")
