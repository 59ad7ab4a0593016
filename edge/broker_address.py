"""A broker as a person names it on a command line: HOST or HOST:PORT."""

from __future__ import annotations

import re

from edge.errors import ConfigError

BROKER = re.compile(
    r"(\[[0-9A-Fa-f:.%a-z]+\]|[^\s:/@\[\]]+)(:[0-9]{1,5})?"
    r"|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%\w+)?"
)
"""A host, a host with a port, or a bare IPv6 address."""


def host_and_port(text: str) -> tuple[str, str]:
    """`host`, `host:port`, `[v6]:port` or a bare IPv6 address → host, and port or an empty text.

    ConfigError for anything else; nothing of it is repeated, for it may hold a password.
    """
    if not BROKER.fullmatch(text):
        raise ConfigError(f"--broker takes HOST or HOST:PORT, as hub.local:1883; {_wrong(text)}")
    host, colon, port = text.rpartition(":")
    bare = not colon or text.endswith("]") or (":" in host and not host.endswith("]"))
    return (text.strip("[]"), "") if bare else (host.strip("[]"), port)


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
