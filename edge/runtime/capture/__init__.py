"""Sources of frames, one module a kind; `open_source` picks it by the address."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec

from edge.config import seen as config
from edge.config.address import KINDS, Address, parsed
from edge.errors import SourceError
from edge.redact import shown
from edge.runtime.capture import network, picamera, v4l2
from edge.runtime.capture.folder import SUFFIXES, ImageFolder
from edge.runtime.capture.opencv import hush
from edge.runtime.capture.pair import Pair
from edge.runtime.capture.picamera import PiCamera
from edge.runtime.capture.recorded import Recorded
from edge.runtime.capture.source import Source
from edge.runtime.capture.video import VideoFile
from edge.runtime.capture.watch import Watched

__all__ = ["Source", "kind_of", "open_source", "require_camera"]


def open_source(settings: config.Source, sleep: Callable[[float], None] = time.sleep) -> Source:
    """Open what `settings.uri` names. SourceError says in one sentence why it cannot.

    `sleep` paces a recording that is played at its own pace.
    """
    hush()
    address = parsed(settings.uri)
    if settings.detect_uri:
        return _pair(address, settings)
    check_source(settings)
    if address.kind == "path":
        if _check_path(address.path):
            return Recorded(ImageFolder(address.path, settings), settings, sleep=sleep)
        return Recorded(VideoFile(address.path, settings), settings, sleep=sleep)
    return Watched(_camera(address, settings), settings)


def check_source(settings: config.Source) -> None:
    """SourceError where an address is of no known kind, or nothing lies where it points.

    Opens nothing, so that a mistake is told before the models are loaded.
    """
    address = parsed(settings.uri)
    if address.kind == "unknown":
        raise SourceError(f"{shown(settings.uri)} is of no known kind; right are {KINDS}")
    if address.kind == "path":
        _check_path(address.path)


def require_camera(settings: config.Source) -> None:
    """SourceError where a camera of this machine can't be had: no such device, or no library."""
    address = parsed(settings.uri)
    if address.kind == "usb":
        v4l2.require_camera(address)
    elif address.kind == "picamera":
        picamera.library()


def kind_of(uri: str) -> str:
    """What kind of source a URI names, without opening it and without telling where it is."""
    address = parsed(uri)
    if address.kind == "path":
        return "folder" if address.path.is_dir() else "file"
    return "unknown" if address.kind == "unknown" else address.scheme


def _pair(address: Address, settings: config.Source) -> Source:
    """Both streams of a network camera, each watched for itself."""
    small = parsed(settings.detect_uri)
    if not (address.kind == small.kind == "stream"):
        raise SourceError(
            "source.detect_uri is a second stream of a network camera: source.uri and "
            "source.detect_uri are both to begin with rtsp:// or http://"
        )
    detecting = msgspec.structs.replace(settings, uri=settings.detect_uri, detect_uri="")
    with ExitStack() as opened:
        streams = [
            opened.enter_context(Watched(_camera(parsed(one.uri), one), one))
            for one in (detecting, settings)
        ]
        opened.pop_all()
    return Pair(*streams)


def _camera(address: Address, settings: config.Source) -> Callable[[], Source]:
    """What opens a camera or stream, as often as it must be opened."""
    if address.kind == "picamera":
        return partial(PiCamera, address.number, settings)
    if address.kind == "stream":
        return partial(network.open_stream, settings)
    if address.path != Path():
        return partial(v4l2.open_camera, address.path, settings)
    return v4l2.Usb(address.number, settings)


def _check_path(path: Path) -> bool:
    """Whether a path is a folder, else it is a file; SourceError where it is neither."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise SourceError(f"there is no file or folder {path}; right are {KINDS}") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a name with a zero byte
        raise SourceError(f"{str(path)!r} can be no file's name: {error}") from error
    if stat.S_ISDIR(mode):
        return True
    if not stat.S_ISREG(mode):
        raise SourceError(f"{path} is neither a file nor a folder; right are {KINDS}")
    if path.suffix.lower() in SUFFIXES:
        raise SourceError(f"{path} is a picture, not a video: give the folder it lies in")
    return False
