"""Addresses without what is secret in them, and addresses that are none.

Cameras put passwords everywhere: before the host, in the path (`…/user=admin_password=…`), in the
query. So an address is shown as scheme, host and port, and nothing of it where that much is not
certain. A path, or the name of a camera of this machine, is shown where it can be nothing else.
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{0,15}"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?"
_HOST = rf"(?:{_NAME}|\[[0-9A-Fa-f:.]{{2,45}}(?:%[A-Za-z0-9]{{1,16}})?\])"
_USER = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_ADDRESS = re.compile(
    rf"(?P<scheme>{_SCHEME})://(?:(?P<user>{_USER})(?::(?P<password>{_USER}))?@)?"
    rf"(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?(?P<rest>[/?][^\s#@\[\]\\]*)?"
)
_FILE = re.compile(r"file://", re.I)
_LOCAL = re.compile(r"(?:picamera|usb)(?::[0-9]{1,3})?|/dev/[A-Za-z0-9/._-]+")
_PLAIN_PATH = re.compile(r"[^@:?=&#%;\x00-\x1f\x7f]*")
_WITHOUT_SCHEME = re.compile(rf"{_SCHEME}:/[^/]|{_SCHEME}:[^/].*@|//|[^/]*:[^/]*@")

_SECRET_WORDS = re.compile(r"pass|pwd|psw|user|usr|admin|login|auth|token|secret|key|cred", re.I)
_HARMLESS_PATH = re.compile(r"[A-Za-z0-9._/-]*")
_HARMLESS_PAIR = re.compile(
    r"(?:channel|ch|subtype|stream|streamtype|profile|res|resolution|fps|unicast|proto|codec)"
    r"=(?:[0-9]{1,4}(?:x[0-9]{1,4})?|main|sub|udp|tcp|onvif|h26[45])",
    re.I,
)

NOT_SHOWN = "(an address that is not shown)"

ESCAPES = "write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ?, %5B for [ and %5D for ]"


def shown(uri: str) -> str:
    """An address or a path fit for a log or a message: without anything that may be secret."""
    if "://" in uri and not _FILE.match(uri):
        found = _ADDRESS.fullmatch(uri)
        if found is None:
            return NOT_SHOWN
        port = f":{found['port']}" if found["port"] else ""
        return f"{found['scheme'].lower()}://{found['host']}{port}"
    path = _FILE.sub("", uri)
    plain = _LOCAL.fullmatch(uri) or _PLAIN_PATH.fullmatch(path)
    return uri if plain or _is_there(path) or _is_there(unquote(path)) else NOT_SHOWN


def holds_password(text: str) -> bool:
    """Whether a text may name a password; an address only does not where each part is known."""
    if "://" not in text or _FILE.match(text):
        return trouble(text) != ""
    found = _ADDRESS.fullmatch(text)
    if found is None or found["user"] is not None:
        return True
    path, _, query = (found["rest"] or "").partition("?")
    pairs = query.split("&") if query else []
    harmless = _HARMLESS_PATH.fullmatch(path) and not _SECRET_WORDS.search(path)
    return not (harmless and all(_HARMLESS_PAIR.fullmatch(pair) for pair in pairs))


def trouble(uri: str) -> str:
    """Why a text is neither an address nor a path, and what to write; empty where it is one.

    Nothing of the text itself is in the answer.
    """
    if "://" not in uri:
        if _WITHOUT_SCHEME.match(uri) and not _is_there(uri):
            return "expected a path, or an address that begins with its scheme, such as rtsp://"
        return ""
    if _FILE.match(uri) or _ADDRESS.fullmatch(uri):
        return ""
    if not re.match(rf"{_SCHEME}://", uri):
        return "expected an address that begins with its scheme, such as rtsp://"
    return (
        "expected scheme://user:password@host:port/path; a letter in user, password or path that "
        f"has a meaning in addresses is written by its number: {ESCAPES}"
    )


def _is_there(path: str) -> bool:
    """Whether a text is the path of something on this machine."""
    return os.path.exists(path)  # noqa: PTH110 - Path's raises where it may not look
