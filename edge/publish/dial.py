"""A name and a port → a connected TCP socket, over all addresses of the name, within one bound.

After RFC 8305 ("Happy Eyeballs"): the families take turns, an attempt starts a moment after the
one before whether or not that has failed, and the first to be answered is taken. An address that
drops packets so costs a moment instead of the whole bound.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain, zip_longest

from edge.ip_address import is_this_machine
from edge.publish.lookup import Address, addresses
from edge.publish.peer_error import NoWayError

STAGGER_S = 0.25
"""Between two attempts ("Connection Attempt Delay", RFC 8305, section 5); less for many."""
MAX_ADDRESSES = 32
"""A name server can give thousands, each of which would have a socket of this process."""


def dial(
    host: str, port: int, within_s: float, known: Sequence[str] = (), *, beyond: bool = False
) -> socket.socket:
    """The first connection that comes about; OSError of the last attempt, or TimeoutError.

    `known` are the addresses of the name, where no name server has to be asked for them. With
    `beyond` those of this machine's loopback are left out; NoWayError where there are no others.
    """
    end_s = time.monotonic() + within_s
    found = [each for name in known or (host,) for each in addresses(name, port, within_s)]
    if beyond:
        found = _elsewhere(found, f"{host}:{port}")
    waiting = _in_turns(found)[:MAX_ADDRESSES]
    stagger_s = min(STAGGER_S, within_s / 2 / len(waiting))
    error: OSError = TimeoutError("timed out")
    next_s = 0.0
    with ExitStack() as stack:
        attempts = stack.enter_context(selectors.DefaultSelector())
        while waiting or attempts.get_map():
            now_s = time.monotonic()
            if now_s >= end_s:
                raise TimeoutError("timed out")
            if waiting and (now_s >= next_s or not attempts.get_map()):
                error = _begin(waiting.pop(0), attempts, stack) or error
                next_s = now_s + stagger_s
            until_s = min(end_s, next_s) if waiting else end_s
            for key, _ in attempts.select(max(until_s - now_s, 0.0)):
                attempt = _socket(key)
                attempts.unregister(attempt)
                failed = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not failed:
                    return _kept(attempt)
                error, next_s = _error(failed), 0.0
    raise error


def _elsewhere(found: list[Address], named: str) -> list[Address]:
    """The addresses that are not this machine's loopback."""
    left = [address for address in found if not is_this_machine(address[1][0])]
    if not left:
        raise NoWayError(
            f"this network names {named} as the broker, which is this machine itself; set "
            "mqtt.host = localhost if its broker is meant"
        )
    return left


def _begin(address: Address, attempts: selectors.BaseSelector, stack: ExitStack) -> OSError | None:
    """Start one attempt, closed with `stack`; why it failed at once, where it did."""
    family, where = address
    try:
        attempt = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
    except OSError as error:  # a kernel without IPv6
        return error
    attempt.setblocking(False)
    failed = attempt.connect_ex(where)
    if failed not in (0, errno.EINPROGRESS):
        return _error(failed)
    attempts.register(attempt, selectors.EVENT_WRITE)
    return None


def _kept(attempt: socket.socket) -> socket.socket:
    """The same connection, out of reach of who closes the attempts."""
    return socket.socket(attempt.family, attempt.type, attempt.proto, attempt.detach())


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))  # of the subclass that belongs to the number


def _in_turns(found: list[Address]) -> list[Address]:
    """The resolver's order, but the families alternate (RFC 8305, section 4)."""
    first = found[0][0]
    ours = [address for address in found if address[0] == first]
    others = [address for address in found if address[0] != first]
    return [address for address in chain(*zip_longest(ours, others)) if address is not None]
