"""A device's kit: every file that goes onto its boot partition, before any is written."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.flash import cloud
from edge.flash.cloud import Wifi
from edge.kernel_line import COUNTRY, MEMORY_CONTROLLER

FOLDER = "agender-edge"
FIRST_BOOT = Path(__file__).with_name("first-boot")
SECRETS = frozenset(("mqtt-password", "mqtt-username", "config.toml", "network-config"))
"""Names of the files that may hold one: the broker's password, a camera's, the network's key."""
Content = bytes | Path
"""What a file holds, or the file to copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who the device is to its broker; without a name it needs none."""

    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Without the password: a login may end up in a traceback."""
        return f"Login(username={self.username!r}, password=…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What one camera of a device has for itself."""

    config: str
    login: Login
    drop_ins: tuple[str, ...]

    def files(self, folder: str = "") -> Iterator[tuple[str, Content]]:
        """File name, below `folder` of the kit's, and its content."""
        yield f"{folder}config.toml", self.config.encode()
        yield f"{folder}drop-ins", _lines(self.drop_ins)
        if self.login.username:
            yield f"{folder}mqtt-username", _lines((self.login.username,))
            yield f"{folder}mqtt-password", _lines((self.login.password,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """One device, ready to be written.

    `further` are its cameras beside the first, by name. `payload` is what all devices have in
    common: file name in the kit's folder → its content.
    """

    device: str
    hostname: str
    user: str
    ssh_keys: tuple[str, ...]
    wifi: Wifi | None
    camera: Camera
    further: Mapping[str, Camera]
    ca: Path | None
    packages: tuple[str, ...]
    payload: Mapping[str, Content]

    def files(self) -> dict[str, Content]:
        """Path on the boot partition → content. `user-data`, which starts it all, comes last."""
        inner = dict(self._inner())
        inner["SHA256SUMS"] = _sums(inner)
        files: dict[str, Content] = {f"{FOLDER}/{name}": held for name, held in inner.items()}
        if self.ssh_keys:
            # Raspberry Pi OS starts its SSH server where it finds this file.
            files["ssh"] = b""
        files["network-config"] = cloud.network_config(self.wifi)
        # Each kit is a new device to cloud-init, also on a card that was started before.
        files["meta-data"] = cloud.meta_data(f"{self.hostname}-{secrets.token_hex(6)}")
        files["user-data"] = cloud.user_data(
            self.hostname, self.user, self.ssh_keys, FOLDER, radio=self.wifi is not None
        )
        return files

    @property
    def kernel_words(self) -> tuple[str, ...]:
        """For the kernel's command line: memory limits that hold, and the radio's country."""
        country = (f"{COUNTRY}{self.wifi.country}",) if self.wifi else ()
        return (MEMORY_CONTROLLER, *country)

    def _inner(self) -> Iterator[tuple[str, Content]]:
        yield from self.payload.items()
        yield "first-boot", FIRST_BOOT
        yield from self.camera.files()
        for name, camera in self.further.items():
            yield from camera.files(f"cameras/{name}/")
        yield "packages", _lines(self.packages)
        yield "network-config.after", cloud.network_config(None)
        if self.ca:
            yield "ca.pem", self.ca


def size_of(files: Mapping[str, Content]) -> int:
    """Bytes in all."""
    return sum(
        held.stat().st_size if isinstance(held, Path) else len(held) for held in files.values()
    )


def _lines(values: tuple[str, ...]) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


def _sums(files: Mapping[str, Content]) -> bytes:
    """As `sha256sum` writes them, so that a damaged card is told from a wrong program."""
    return _lines(tuple(f"{_digest(held)}  {name}" for name, held in sorted(files.items())))


def _digest(held: Content) -> str:
    if isinstance(held, bytes):
        return hashlib.sha256(held).hexdigest()
    with held.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
