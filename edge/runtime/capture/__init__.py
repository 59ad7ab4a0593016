"""Sources of frames, one module a kind; `open_source` picks it by the URI."""

from __future__ import annotations

import stat
from pathlib import Path

from edge import config
from edge.errors import SourceError
from edge.runtime.capture.folder import SUFFIXES, ImageFolder
from edge.runtime.capture.opencv import hush
from edge.runtime.capture.recorded import Recorded
from edge.runtime.capture.source import Source
from edge.runtime.capture.video import VideoFile

__all__ = ["Source", "open_source"]


def open_source(settings: config.Source) -> Source:
    """Open what `settings.uri` names. SourceError says in one sentence why it cannot."""
    hush()
    uri = settings.uri
    if "://" in uri and not uri.startswith("file://"):
        raise SourceError(f"{uri}: network sources are not supported yet")
    path = Path(uri.removeprefix("file://")).expanduser()
    return _open_path(path, settings)


def _open_path(path: Path, settings: config.Source) -> Source:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise SourceError(f"there is no file, folder or camera {path}") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        return Recorded(ImageFolder(path, settings.fps), settings)
    if not stat.S_ISREG(mode):
        raise SourceError(f"{path} is neither a file nor a folder nor a camera")
    if path.suffix.lower() in SUFFIXES:
        raise SourceError(f"{path} is a picture, not a video: give the folder it lies in")
    return Recorded(VideoFile(path), settings)
