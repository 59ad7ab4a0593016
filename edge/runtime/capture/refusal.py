"""Why a network camera could not be opened, in words a person can act on."""

from __future__ import annotations

import errno
from urllib.parse import urlsplit

from edge.ip_address import is_ip_address

SILENT = "does not answer: is the camera on and the address right?"

_BY_NUMBER = {
    errno.ECONNREFUSED: "refuses the connection: is the port right, and the stream switched on?",
    errno.EHOSTUNREACH: SILENT,
    errno.ENETUNREACH: "cannot be reached: this machine has no way to its network",
    errno.EHOSTDOWN: SILENT,
    errno.ETIMEDOUT: SILENT,
    errno.ECONNRESET: "ended the connection: does the port speak this protocol?",
    errno.EACCES: "may not be reached from this process: is the network allowed to vision?",
    errno.EPERM: "may not be reached from this process: is the network allowed to vision?",
}

_BY_STATUS = {
    "HTTPUnauthorizedError": "refuses user or password",
    "HTTPForbiddenError": "forbids it to this user: are user and password right?",
    "HTTPNotFoundError": "has no such stream: is the path right?",
    "HTTPServerError": "answers with an error of its own (5xx): does it serve too many already?",
    "ProtocolNotFoundError": "is of a kind that this FFmpeg does not know",
    "DecoderNotFoundError": "sends a format that this FFmpeg does not know",
}
"""PyAV's exceptions for an RTSP or HTTP status, by name: they exist where PyAV does."""


def why(error: BaseException, url: str, *, late: bool) -> str:
    """What goes after the camera's name; `late`: the time limit for opening had passed."""
    if late:
        return SILENT
    for kind in type(error).__mro__:
        if kind.__name__ in _BY_STATUS:
            return _BY_STATUS[kind.__name__]
    number = getattr(error, "errno", None)
    if number in _BY_NUMBER:
        return _BY_NUMBER[number]
    # FFmpeg has one number for all of the resolver's errors, and gives it for hardly else.
    if number == errno.EIO and _is_name(url):
        return "cannot be found: no name server knows the host's name; is it spelt right?"
    return "refuses the connection or the stream: are port, path, user and password right?"


def _is_name(url: str) -> bool:
    """Whether the host is named, not given by its number."""
    return not is_ip_address(urlsplit(url).hostname or "")
