"""What `agender-hub run` is told: the broker, how to log in, how large a batch may be."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from edge.messages.fields import SCHEMA
from hub.errors import UsageError
from hub.message import KIND

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd shows a service its secrets."""
PASSWORDS = ("sealed-mqtt-password", "mqtt-password")
"""What the password is called there; the first is encrypted on the disk, for this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`nats` are servers of one cluster, in place of `host` and `port`; `stream` lies there.

    `session_s` is how long the broker keeps messages for a hub that is away; at NATS,
    what an ingestor took and did not acknowledge for `ack_wait_s` goes to another.

    A batch is committed when it holds `batch_windows`, when its first message has waited `batch_s`
    seconds, or when nothing more comes.
    """

    host: str = "localhost"
    port: int = 1883
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str = ""
    password_file: Path | None = None
    nats: tuple[str, ...] = ()
    stream: str = "$MQTT_msgs"
    prefix: str = "agender"
    client_id: str = "agender-hub"
    share: str = ""
    session_s: int = 30 * 86_400
    ack_wait_s: float = 60.0
    batch_windows: int = 500
    batch_s: float = 1.0

    @property
    def address(self) -> str:
        """The broker, for a sentence."""
        return ", ".join(map(_without_login, self.nats)) or f"{self.host}:{self.port}"

    @property
    def topic(self) -> str:
        """What is subscribed to; with `share` the broker divides it among ingestors."""
        shared = f"$share/{self.share}/" if self.share else ""
        return f"{shared}{self.prefix}/v{SCHEMA}/+/+/{KIND}"

    def password(self) -> str | None:
        """The password in its file, or in systemd's credential of `PASSWORDS`; never a flag."""
        file = self.password_file or _credential()
        return None if file is None else _read(file, "--password-file").removesuffix("\n")

    def tls_context(self) -> ssl.SSLContext:
        """Checks the broker's certificate against `ca_file`, else the system's authorities."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"--ca, --cert or --key can't be used: {error}") from error
        return context


def _credential() -> Path | None:
    """The first of the credentials that systemd has given us."""
    folder = os.environ.get(CREDENTIALS)
    found = (Path(folder, name) for name in PASSWORDS) if folder else iter(())
    return next((file for file in found if file.is_file()), None)


def _read(path: Path, flag: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{flag} {path}: {error}") from error


def _without_login(address: str) -> str:
    return address.rpartition("@")[2].removeprefix("nats://")


def own_id(share: str) -> str:
    """The client id where none is given: ingestors that share must have one each."""
    return f"agender-hub-{socket.gethostname()}" if share else "agender-hub"
