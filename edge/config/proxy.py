"""The HTTP proxy on the way to the broker, as its address names it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from edge.redact import trouble


class Proxy(NamedTuple):
    """An HTTP proxy; `login` is `user:password`, or empty."""

    host: str
    port: int
    login: str = ""

    def __repr__(self) -> str:
        """Without the login: it may end up in a traceback."""
        return f"Proxy({self.host!r}, {self.port!r})"


def proxy_of(address: str) -> Proxy | None:
    """`http://[user:password@]host:port` → its parts; None for anything else."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.scheme.lower() == "http" and parts.path in ("", "/") and not parts.query
    if trouble(address) or not (plain and host and port):
        return None
    login = unquote(parts.netloc.rpartition("@")[0])
    return Proxy(host, port, login)
