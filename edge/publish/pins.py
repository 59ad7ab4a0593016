"""A broker's certificate → whether it is one of those that were named in advance (pinning).

Beside the check of chain and name, not in its place: an authority that signs for somebody else, or
is made to, is of no use to him.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import suppress

from edge.publish.peer_error import UnpinnedError

_SEQUENCE, _VERSION = 0x30, 0xA0
_BEFORE_KEY = 5
"""Serial number, signature's algorithm, issuer, validity, subject (RFC 5280, 4.1)."""


def require_pinned(carrier: socket.socket, pins: Collection[str]) -> None:
    """UnpinnedError where neither the peer's certificate nor its key has one of these SHA-256."""
    shown = carrier.getpeercert(binary_form=True) if isinstance(carrier, ssl.SSLSocket) else None
    found = fingerprints(shown) if shown else ()
    if not {*found} & {*pins}:
        told = f" of {found[0]}" if found else ""
        raise UnpinnedError(
            f"the broker shows a certificate{told} (SHA-256), which is none of mqtt.pins; if it "
            "was renewed, add it there"
        )


def fingerprints(certificate: bytes) -> tuple[str, ...]:
    """SHA-256, in hexadecimal, of a certificate (DER) and of its public key (SubjectPublicKeyInfo).

    Of the certificate alone where it is not as RFC 5280 has it.
    """
    found = [certificate]
    with suppress(IndexError, ValueError):
        found.append(_public_key(certificate))
    return tuple(hashlib.sha256(each).hexdigest() for each in found)


def _public_key(certificate: bytes) -> bytes:
    (_, signed), *_ = _parts(_content(certificate))
    fields = [field for tag, field in _parts(_content(signed)) if tag != _VERSION]
    key = fields[_BEFORE_KEY]
    if key[0] != _SEQUENCE:
        raise ValueError("no key stands where it should")
    return key


def _content(element: bytes) -> bytes:
    """What is in an element of DER (X.690, 8.1)."""
    start, end = _bounds(element, 0)
    return element[start:end]


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and whole of each element."""
    place = 0
    while place < len(content):
        _, end = _bounds(content, place)
        yield content[place], content[place:end]
        place = end


def _bounds(content: bytes, place: int) -> tuple[int, int]:
    """Where the content of the element at this place begins and ends."""
    size, start = content[place + 1], place + 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(content[place + 2 : start])
    if start + size > len(content):
        raise ValueError("an element is cut")
    return start, start + size
