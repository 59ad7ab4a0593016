"""Where a set lies: folders, ZIPs, tars and single files, read as one collection of files."""

from __future__ import annotations

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from converters.errors import ConvertError
from edge.closing import Closing
from edge.errors import why

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
DAMAGED = (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
Entry = tuple[str, bytes]


class Place(Protocol):
    """One of the things the user gave."""

    path: Path
    names: list[str]
    """Every file in it, with `/` between folders."""

    def read(self, name: str) -> bytes:
        """One file."""

    def each(self, wanted: Collection[str]) -> Iterator[Entry]:
        """The wanted files, in the order in which they are read best."""

    def close(self) -> None:
        """Let go of it."""


class FolderPlace:
    """A folder, or a single file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.base = path if path.is_dir() else path.parent
        self.names = [path.name] if path.is_file() else sorted(self._walk())

    def read(self, name: str) -> bytes:
        """The file's content."""
        return (self.base / name).read_bytes()

    def each(self, wanted: Collection[str]) -> Iterator[Entry]:
        """In the order of their names."""
        return ((name, self.read(name)) for name in sorted(wanted))

    def close(self) -> None:
        """Nothing is held."""

    def _walk(self) -> Iterator[str]:
        for folder, _, files in os.walk(self.path, onerror=_fail):
            for file in files:
                yield (Path(folder) / file).relative_to(self.path).as_posix()


class ZipPlace:
    """A ZIP."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive = zipfile.ZipFile(path)
        self.names = [name for name in self._archive.namelist() if not name.endswith("/")]

    def read(self, name: str) -> bytes:
        """The member's content."""
        return self._archive.read(name)

    def each(self, wanted: Collection[str]) -> Iterator[Entry]:
        """In the archive's order."""
        return ((name, self.read(name)) for name in self.names if name in wanted)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()


class TarPlace:
    """A tar, compressed or not. Compressed ones can only be read from the start to the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive = tarfile.open(path)  # noqa: SIM115 - closed by close()
        self._members = {m.name.removeprefix("./"): m for m in self._archive if m.isfile()}
        self.names = list(self._members)

    def read(self, name: str) -> bytes:
        """The member's content; costly in a compressed tar."""
        stream = self._archive.extractfile(self._members[name])
        assert stream is not None  # only files are kept
        return stream.read()

    def each(self, wanted: Collection[str]) -> Iterator[Entry]:
        """In the archive's order, so that it is read once."""
        return ((name, self.read(name)) for name in self.names if name in wanted)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()


@dataclass(frozen=True, slots=True)
class Found:
    """A file in one of the places."""

    place: Place
    name: str

    def read(self) -> bytes:
        """Its content; ConvertError where it can't be had."""
        with readable(self.place.path):
            return self.place.read(self.name)


class Places(Closing):
    """All that the user gave, as one. ConvertError where something is missing or damaged."""

    def __init__(self, paths: Sequence[Path]) -> None:
        with ExitStack() as stack:
            self.all = []
            for path in paths:
                place = _opened(path)
                stack.callback(place.close)
                self.all.append(place)
            self._open = stack.pop_all()
        self._by_end: dict[str, list[Found]] = {}
        for place in self.all:
            for name in filter(_harmless, place.names):
                self._by_end.setdefault(name.rpartition("/")[2], []).append(Found(place, name))

    def close(self) -> None:
        """Close every file."""
        self._open.close()

    def files(self, matches: Callable[[str], bool]) -> list[Found]:
        """Every file whose last part (without folders) matches, in the order of their names."""
        found = [one for end, ones in self._by_end.items() if matches(end) for one in ones]
        return sorted(found, key=lambda one: one.name)

    def find(self, tail: str) -> Found | None:
        """The file whose path ends in `tail`; the one with the shortest path if several do."""
        ones = self._by_end.get(tail.rpartition("/")[2], [])
        ending = [one for one in ones if one.name == tail or one.name.endswith("/" + tail)]
        return min(ending, key=lambda one: len(one.name), default=None)


def _harmless(name: str) -> bool:
    """No absolute paths and no way up; macOS' shadows of files are no files."""
    parts = PurePosixPath(name).parts
    hidden = any(part == "__MACOSX" or part.startswith("._") for part in parts)
    return not (hidden or ".." in parts or name.startswith("/"))


def _fail(error: OSError) -> None:
    raise error


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Inside, whatever goes wrong with reading the archive or folder `path` is a ConvertError."""
    try:
        yield
    except DAMAGED as error:
        raise ConvertError(
            f"{path} is damaged or was not downloaded to its end: {error}; fetch it again"
        ) from error
    except OSError as error:
        name = error.filename or path
        raise ConvertError(f"{name} cannot be read: {why(error)}") from error
    except (RuntimeError, NotImplementedError) as error:  # a password, a rare compression
        raise ConvertError(f"{path} cannot be read: {error}: unpack it first") from error


def _opened(path: Path) -> Place:
    if not path.exists():
        raise ConvertError(f"there is no {path}: give the set's folder, ZIP or tar")
    with readable(path):
        if path.name.lower().endswith(TAR_SUFFIXES):
            return TarPlace(path)
        if path.suffix.lower() == ".zip":
            return ZipPlace(path)
        return FolderPlace(path)
