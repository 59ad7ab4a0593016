"""What a source's address names: a camera's number, a device, a file or folder, or a stream.

`file://` is a path, whose special characters may be written as %XX (RFC 8089); the scheme of a
stream is written in any case (RFC 3986, 3.1).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import unquote_to_bytes

from edge.config.home import expanded

Kind: TypeAlias = Literal["picamera", "usb", "path", "stream", "unknown"]

STREAMS = ("rtsp", "rtsps", "http", "https")
"""Schemes of network cameras; a playlist (HLS) and MJPEG come by http and https."""

KINDS = (
    "picamera, usb:0, /dev/video0, rtsp://…, http://… (MJPEG or HLS), a video file or a folder "
    "of pictures"
)

_NUMBERED = re.compile(r"(picamera|usb)(?::(\d{1,3}))?")


class Address(NamedTuple):
    """A source's address in its parts; `path` is set for a path, `url` for a stream.

    `scheme` is what may be published of it: picamera, usb, the scheme of a stream in small
    letters, or empty for a path, which only a look at the disk can tell to be a file or folder.
    """

    kind: Kind
    scheme: str = ""
    number: int = 0
    path: Path = Path()
    url: str = ""


def parsed(uri: str) -> Address:
    """An address as a person writes it → its parts; nothing is opened."""
    numbered = _NUMBERED.fullmatch(uri)
    if numbered:
        kind: Kind = "picamera" if numbered[1] == "picamera" else "usb"
        return Address(kind, numbered[1], number=int(numbered[2] or 0))
    scheme, found, rest = uri.partition("://")
    scheme = scheme.lower()
    if found and scheme in STREAMS:
        return Address("stream", scheme, url=f"{scheme}://{rest}")
    if found and scheme != "file":
        return Address("unknown", scheme)
    path = _path_of(rest) if found else expanded(Path(uri))
    if path.is_relative_to("/dev"):
        return Address("usb", "usb", path=path)
    return Address("path", path=path)


def needs_network(uri: str) -> bool:
    """Whether reading it takes a network; files by file:// need none."""
    return parsed(uri).kind in ("stream", "unknown")


def _path_of(rest: str) -> Path:
    """What follows file:// → a path; taken literally where that is what is there."""
    literal = expanded(Path(rest))
    if "%" not in rest or os.path.lexists(literal):
        return literal
    return expanded(Path(os.fsdecode(unquote_to_bytes(rest))))
