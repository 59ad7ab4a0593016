"""A broker as a person names it (HOST, HOST:PORT, ws://…) and as it is dialled."""

from __future__ import annotations

import re
from typing import NamedTuple

from edge.errors import ConfigError

HOST = r"[A-Za-z0-9.:_%-]{1,253}"
AUTO = "auto"
"""In place of a host: the broker that announces itself on this network, or that DNS names."""
WS_PATH = r"/[\x21-\x7e]{0,2000}"
BROKER = re.compile(
    r"(\[[0-9A-Fa-f:.%a-z]+\]|[^\s:/@\[\]]+)(:[0-9]{1,5})?"
    r"|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%\w+)?"
)
"""A host, a host with a port, or a bare IPv6 address."""
_WEBSOCKETS = re.compile(r"(wss?)://([^/?#]*)([/?#].*)?", re.I | re.S)
PORT, TLS_PORT = 1883, 8883
"""MQTT's, as registered with IANA (mqtt, secure-mqtt)."""
WS_PORT, WSS_PORT = 80, 443


def implied_port(*, tls: bool, websockets: bool = False) -> int:
    """The port where none is named."""
    if websockets:
        return WSS_PORT if tls else WS_PORT
    return TLS_PORT if tls else PORT


class Endpoint(NamedTuple):
    """One broker; `path` is that of WebSockets, which may hold a token; empty: MQTT over TCP."""

    host: str
    port: int
    tls: bool = False
    path: str = ""

    def __str__(self) -> str:
        """As logs name it, without what may be secret."""
        scheme = f"ws{'s' * self.tls}://" if self.path else ""
        return f"{scheme}{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port as addresses write them (RFC 3986, section 3.2)."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def host_and_port(text: str) -> tuple[str, str]:
    """`host`, `host:port`, `[v6]:port` or a bare IPv6 address → host, and port or an empty text.

    ConfigError for anything else; nothing of it is repeated, for it may hold a password.
    """
    if not BROKER.fullmatch(text):
        raise ConfigError(f"--broker takes HOST or HOST:PORT, as hub.local:1883; {_wrong(text)}")
    host, colon, port = text.rpartition(":")
    bare = not colon or text.endswith("]") or (":" in host and not host.endswith("]"))
    return (text.strip("[]"), "") if bare else (host.strip("[]"), port)


def broker_overrides(text: str) -> list[str]:
    """The same, or `ws://…`, `wss://…`, → overrides of the configuration; else ConfigError."""
    if not _WEBSOCKETS.fullmatch(text):
        host, port = host_and_port(text)
        return [f"mqtt.host={host}", *([f"mqtt.port={port}"] if port else [])]
    found = websockets(text)
    if found is None or "?" in found.path:
        raise ConfigError(
            "--broker takes HOST or HOST:PORT, as hub.local:1883, or WebSockets as "
            "wss://hub.local:443/mqtt; user, password and anything secret in a path go into the "
            "configuration file (mqtt.username, mqtt.password_file, mqtt.path)"
        )
    return [
        "mqtt.transport=websockets",
        f"mqtt.tls={str(found.tls).lower()}",
        f"mqtt.host={found.host}",
        f"mqtt.port={found.port}",
        f"mqtt.path={found.path}",
    ]


def websockets(text: str) -> Endpoint | None:
    """`ws://host[:port][/path]` or `wss://…` → the broker; None for anything else."""
    match = _WEBSOCKETS.fullmatch(text)
    if match is None or not BROKER.fullmatch(match[2]):
        return None
    host, port = host_and_port(match[2])
    path, tls = match[3] or "/mqtt", match[1].lower() == "wss"
    number = int(port) if port else implied_port(tls=tls, websockets=True)
    right = re.fullmatch(HOST, host) and re.fullmatch(WS_PATH, path) and 0 < number < 65_536
    return Endpoint(host, number, tls, path) if right and "#" not in path else None


def _wrong(text: str) -> str:
    """Why a text is no host with or without a port."""
    scheme, separator, _ = text.partition("://")
    if separator:
        secure = scheme.lower() in ("mqtts", "ssl", "tls")
        return "leave the scheme away" + (", and add --set mqtt.tls=true" if secure else "")
    if "@" in text:
        return "the user is mqtt.username, and the password is in mqtt.password_file"
    if "/" in text:
        return "there is no path"
    return "this is no host's name" if text.strip("[]: ") else "it is empty"
