"""Sources of frames, one module a kind; `open_source` picks it by the URI."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge import config
from edge.errors import SourceError
from edge.redact import shown
from edge.runtime.capture import network, v4l2
from edge.runtime.capture.folder import SUFFIXES, ImageFolder
from edge.runtime.capture.opencv import hush
from edge.runtime.capture.picamera import PiCamera
from edge.runtime.capture.recorded import Recorded
from edge.runtime.capture.source import Source
from edge.runtime.capture.video import VideoFile
from edge.runtime.capture.watch import Watched

__all__ = ["Source", "kind_of", "open_source"]

KINDS = "picamera, usb:0, /dev/video0, rtsp://…, a video file or a folder of pictures"

_NUMBERED = re.compile(r"(picamera|usb)(?::(\d{1,3}))?")


def open_source(settings: config.Source, sleep: Callable[[float], None] = time.sleep) -> Source:
    """Open what `settings.uri` names. SourceError says in one sentence why it cannot.

    `sleep` paces a recording that is played at its own pace.
    """
    hush()
    uri = settings.uri
    numbered = _NUMBERED.fullmatch(uri)
    if numbered:
        return Watched(_numbered(numbered[1], int(numbered[2] or 0), settings), settings)
    scheme, found, _ = uri.partition("://")
    if found and scheme in network.SCHEMES:
        return Watched(partial(network.open_stream, settings), settings)
    if found and scheme != "file":
        raise SourceError(f"{shown(uri)} is of no known kind; right are {KINDS}")
    return _open_path(Path(uri.removeprefix("file://")).expanduser(), settings, sleep)


def kind_of(uri: str) -> str:
    """What kind of source a URI names, without opening it and without telling where it is."""
    numbered = _NUMBERED.fullmatch(uri)
    if numbered:
        return numbered[1]
    scheme, found, _ = uri.partition("://")
    if found and scheme != "file":
        return scheme if scheme in network.SCHEMES else "unknown"
    path = Path(uri.removeprefix("file://")).expanduser()
    if path.is_relative_to("/dev"):
        return "usb"
    return "folder" if path.is_dir() else "file"


def _numbered(kind: str, number: int, settings: config.Source) -> Callable[[], Source]:
    if kind == "picamera":
        return partial(PiCamera, number, settings)
    # Looked up at every opening: a camera that is plugged in again may be another /dev/videoN.
    return lambda: v4l2.open_camera(v4l2.usb_device(number), settings)


def _open_path(path: Path, settings: config.Source, sleep: Callable[[float], None]) -> Source:
    if path.is_relative_to("/dev"):
        return Watched(partial(v4l2.open_camera, path, settings), settings)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise SourceError(f"there is no file or folder {path}; right are {KINDS}") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        return Recorded(ImageFolder(path, settings.fps), settings, sleep=sleep)
    if not stat.S_ISREG(mode):
        raise SourceError(f"{path} is neither a file nor a folder; right are {KINDS}")
    if path.suffix.lower() in SUFFIXES:
        raise SourceError(f"{path} is a picture, not a video: give the folder it lies in")
    return Recorded(VideoFile(path), settings, sleep=sleep)
