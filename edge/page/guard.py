"""Who may ask at all: by which name, from which page; and what a browser is told to keep to."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable

from edge.ip_address import is_ip_address
from edge.page.web import Request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""A browser that keeps to it asks nobody else, and runs nothing that stands in the page itself."""
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # Not no-referrer: browsers then keep from us which page a form was sent from.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
)


_PORT = re.compile("[0-9]{1,5}")


class Names:
    """The names by which this page is asked for.

    A site that lets its own name point to this address (DNS rebinding) has a browser ask for that
    name. So an address in numbers is right, and so are this machine's name and those configured.
    """

    def __init__(self, configured: Iterable[str], machine: str | None = None) -> None:
        name = (machine or os.uname().nodename).split(".")[0].lower()
        own = ("localhost", name, f"{name}.local")
        self._known = frozenset((*own, *(each.lower().rstrip(".") for each in configured)))

    def knows(self, host: str) -> bool:
        """Whether what a browser asks for, a port with it or not, is this page."""
        name = host_of(host)
        return name in self._known or is_ip_address(name)


def host_of(host: str) -> str:
    """`name:80`, `[::1]:80` or `name.` → `name` or `::1`; empty where it is malformed."""
    return _parts(host)[0]


def port_of(host: str) -> int:
    """`name:8088` → 8088; HTTP's own where none is named."""
    return int(_parts(host)[1] or 80)


def _parts(host: str) -> tuple[str, str]:
    """Name and port; both empty where it is malformed."""
    if host.startswith("["):
        name, closed, port = host[1:].partition("]")
        port = port.removeprefix(":") if port.startswith(":") or not port else "?"
        fits = closed and is_ip_address(name) and "%" not in name
    else:
        name, _, port = host.partition(":")
        name, fits = name.removesuffix("."), ":" not in port
    return (name, port) if fits and (_PORT.fullmatch(port) or not port) else ("", "")


def network_of(client: str) -> str:
    """An address, or of IPv6 the network of one household."""
    if ":" not in client:
        return client
    return str(ipaddress.ip_network((client.partition("%")[0], 64), strict=False))


def is_loopback(client: str) -> bool:
    """Whether an address is this machine's own."""
    return ipaddress.ip_address(client.partition("%")[0]).is_loopback


def from_this_device(request: Request) -> bool:
    """Whether a browser asks that is on the device, or comes by a tunnel of somebody who is.

    A proxy asks from here too, but by another name, or it says for whom.
    """
    name = host_of(request.host)
    by_own_name = name == "localhost" or (is_ip_address(name) and is_loopback(name))
    return by_own_name and is_loopback(request.client) and not request.forwarded


def from_here(request: Request) -> bool:
    """Whether the page that sends it is ours, as far as the browser says which it is."""
    if request.origin is None:
        return True
    _, found, host = request.origin.lower().partition("://")
    return bool(found) and host == request.host
