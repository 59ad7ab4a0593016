"""The flags of `agender-hub run`, and the store's; what they say."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edge.broker_address import host_and_port, implied_port
from edge.errors import ConfigError
from hub.errors import UsageError
from hub.ingest.settings import Settings, own_id
from hub.store.base import has_password

STORE_VARIABLE = "AGENDER_HUB_STORE"
FILE_NAME = "hub.sqlite3"
Number = TypeVar("Number", int, float)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Where the windows are. The environment's is no default, which the help would show."""
    parser.add_argument(
        "--store",
        metavar="STORE",
        help="a file of SQLite, or postgresql://USER@HOST/DATABASE (15 or newer); else "
        f"{STORE_VARIABLE} in the environment, else {default_file()}",
    )


def default_file() -> str:
    """In systemd's state directory, else where a user's programs keep their state."""
    if folder := os.environ.get("STATE_DIRECTORY"):
        return str(Path(folder.split(":")[0], FILE_NAME))
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return str(Path(state, "agender-hub", FILE_NAME))


def store(parsed: argparse.Namespace) -> str:
    """The store's address; UsageError where a password stands on the command line."""
    address: str | None = parsed.store
    if address is None:
        return os.environ.get(STORE_VARIABLE) or default_file()
    if has_password(address):
        raise UsageError(
            "--store: `ps` shows a password on the command line; put it into ~/.pgpass, or the "
            f"whole address into {STORE_VARIABLE}"
        )
    return address


def add_run(parser: argparse.ArgumentParser) -> None:
    """The broker, the store, batches."""
    add_store(parser)
    plain = Settings()
    _add_broker(parser.add_argument_group("broker"), plain)
    _add_nats(parser.add_argument_group("NATS in place of a broker"), plain)
    batch = parser.add_argument_group("batches")
    batch.add_argument(
        "--batch-windows",
        type=within(1, 30_000),
        default=plain.batch_windows,
        help="windows in a commit at most",
    )
    batch.add_argument(
        "--batch-s",
        type=within(0, 60, float),
        default=plain.batch_s,
        help="seconds that a window waits for a commit at most",
    )
    parser.add_argument("--verbose", action="store_true", help="log more")


def _add_broker(broker: argparse._ArgumentGroup, plain: Settings) -> None:
    broker.add_argument(
        "--broker",
        metavar="HOST[:PORT]",
        default=plain.host,
        help="its name or address; the port is 1883, with TLS 8883, where none is named",
    )
    broker.add_argument("--prefix", default=plain.prefix, help="the topics' first level")
    broker.add_argument("--tls", action="store_true", help="encrypt; --ca does too")
    for flag, text in (
        ("--ca", "authority that the broker is checked by"),
        ("--cert", "this program's certificate"),
        ("--key", "and its key"),
        ("--password-file", "the password; else systemd's credential mqtt-password"),
    ):
        broker.add_argument(flag, type=Path, metavar="FILE", help=text)
    for flag, name, text in (
        ("--username", "NAME", "user at the broker"),
        ("--share", "NAME", "divide the windows among all ingestors that give the same NAME"),
        (
            "--client-id",
            "ID",
            "the broker keeps messages under it while this program is away (without it: "
            "agender-hub; with --share agender-hub-HOSTNAME)",
        ),
    ):
        broker.add_argument(flag, metavar=name, default="", help=text)
    broker.add_argument(
        "--session-days",
        type=within(1, 49_710),
        default=plain.session_s // 86_400,
        help="how long the broker keeps messages for this program",
    )


def _add_nats(cluster: argparse._ArgumentGroup, plain: Settings) -> None:
    cluster.add_argument(
        "--nats",
        metavar="SERVERS",
        default="",
        help="servers of one cluster with JetStream and MQTT, as nats://one:4222,nats://two:4222",
    )
    cluster.add_argument("--stream", default=plain.stream, help="where it keeps MQTT's messages")
    cluster.add_argument(
        "--ack-wait-s",
        type=within(1, 3600, float),
        default=plain.ack_wait_s,
        help="what is not acknowledged for so long goes to another ingestor",
    )


def _address(text: str) -> tuple[str, int]:
    """Host and port, 0 where none is named; UsageError for what is no address."""
    try:
        host, port = host_and_port(text)
        number = within(1, 65_535)(port) if port else 0
    except (ConfigError, argparse.ArgumentTypeError) as error:
        raise UsageError(str(error)) from error
    return host, number


def settings(parsed: argparse.Namespace) -> Settings:
    """What the flags of `run` say; UsageError where two of them don't go together."""
    if bool(parsed.cert) != bool(parsed.key):
        raise UsageError("--cert and --key go together")
    for flag, text in (("--prefix", parsed.prefix), ("--share", parsed.share)):
        if set(text) & set("/+#\0"):
            raise UsageError(f"{flag} {text}: one level of a topic, without / + #")
    if parsed.nats and parsed.share:
        raise UsageError("--share: ingestors at NATS share the work by one --client-id")
    if "@" in parsed.nats:
        raise UsageError("--nats: give the login by --username and --password-file")
    host, port = _address(parsed.broker)
    tls = bool(parsed.tls or parsed.ca or parsed.cert)
    return Settings(
        nats=tuple(filter(None, parsed.nats.split(","))),
        stream=parsed.stream,
        ack_wait_s=parsed.ack_wait_s,
        host=host,
        port=port or implied_port(tls=tls),
        tls=tls,
        ca_file=parsed.ca,
        cert_file=parsed.cert,
        key_file=parsed.key,
        username=parsed.username,
        password_file=parsed.password_file,
        prefix=parsed.prefix,
        share=parsed.share,
        client_id=parsed.client_id or own_id(parsed.share),
        session_s=86_400 * parsed.session_days,
        batch_windows=parsed.batch_windows,
        batch_s=parsed.batch_s,
    )


def within(least: int, most: int, kind: type[Number] = int) -> Callable[[str], Number]:
    """A flag's type: a number from the least to the most."""

    def number(text: str) -> Number:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    return number
