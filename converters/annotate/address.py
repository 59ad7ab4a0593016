"""An address → a video or the bytes of a picture. Pages of video sites go through yt-dlp."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from converters.annotate.stream import PATIENCE_S, Stream
from converters.errors import ConvertError
from edge.redact import shown
from edge.runtime.capture.network import PROTOCOLS

SCHEMES = ("http", "https", "rtsp", "rtsps")
PICTURE_BYTES_MAX = 64 << 20
WEB_ONLY = {"protocol_whitelist": "http,https,tcp,tls,crypto,data,httpproxy"}
"""A playlist from the network must not lead to this machine's files."""
RTSP = {"protocol_whitelist": PROTOCOLS["rtsp"], "rtsp_transport": "tcp"}
AGENT = {"User-Agent": "agender-convert"}
FORMAT = "best[height<=1080]/best"
"""yt-dlp's: one file with the picture in it, no larger than a detector can use."""


def open_address(url: str) -> Stream | bytes:
    """What `url` leads to; ConvertError or SourceError where that is no picture and no video."""
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise ConvertError(f"{shown(url)} is of no known kind; right are {', '.join(SCHEMES)}")
    if scheme.startswith("rtsp"):
        return Stream(url, shown(url), RTSP)
    if "@" in urlsplit(url).netloc:  # FFmpeg logs in by itself, urllib does not
        return Stream(url, shown(url), WEB_ONLY)
    kind, content = _asked(url)
    if kind.startswith("image/") and kind != "image/gif":
        return content
    if kind in ("text/html", "application/xhtml+xml"):
        return _on_page(url)
    return Stream(url, shown(url), WEB_ONLY)


def _asked(url: str) -> tuple[str, bytes]:
    """The content's type as the server says, and its bytes where it is a picture."""
    try:
        request = urllib.request.Request(url, headers=AGENT)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            kind = answer.headers.get_content_type()
            picture = kind.startswith("image/") and kind != "image/gif"
            return kind, answer.read(PICTURE_BYTES_MAX) if picture else b""
    except urllib.error.HTTPError as error:
        raise ConvertError(f"{shown(url)} answers {error.code} {error.reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ConvertError(f"{shown(url)} cannot be reached: {reason}") from error


def _on_page(url: str) -> Stream:
    """The video on a site's page, found by yt-dlp."""
    try:
        import yt_dlp
    except ImportError as error:
        raise ConvertError(
            f"{shown(url)} is a page, not a video; yt-dlp finds the video on it: "
            "pip install 'agender-edge[sites]'"
        ) from error
    wanted = {"quiet": True, "no_warnings": True, "noprogress": True, "noplaylist": True}
    try:
        with yt_dlp.YoutubeDL({**wanted, "format": FORMAT, "logger": _Silent()}) as finder:
            found = finder.extract_info(url, download=False)
    except yt_dlp.utils.DownloadError as error:
        raise ConvertError(f"yt-dlp finds no video on {shown(url)}: {_plain(error)}") from error
    found = _first(found)
    if not found.get("url"):
        raise ConvertError(f"yt-dlp finds no video on {shown(url)}")
    return Stream(found["url"], shown(url), {**WEB_ONLY, **_headers(found)})


def _first(found: Any) -> dict[str, Any]:
    """The entry itself, or the first of a page's several videos."""
    while found and found.get("entries"):
        found = next(iter(found["entries"]))
    return found or {}


def _headers(found: dict[str, Any]) -> dict[str, str]:
    """What the site's server wants to be told, as FFmpeg's options."""
    headers = found.get("http_headers") or {}
    names = {"user_agent": "User-Agent", "referer": "Referer"}
    return {
        option: headers[name].replace("|", " ")
        for option, name in names.items()
        if headers.get(name)
    }


def _plain(error: Exception) -> str:
    """yt-dlp's message without colours, prefix and advice."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).removeprefix("ERROR: ")
    return text.splitlines()[0].split("; please report")[0] if text else "no reason given"


class _Silent:
    """Takes yt-dlp's chatter; what counts comes as an exception."""

    def debug(self, message: str) -> None:
        """Nothing."""

    info = warning = error = debug
