"""Pinning: of trusted certificates those that were named, by their own hash or by their key's."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from edge.config.read import load
from edge.config.tables import Config
from edge.diagnostics.services import broker as examined
from edge.errors import ConfigError
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.forget import forget
from edge.publish.pins import fingerprints
from tests.publish.certificates import Authority
from tests.publish.guarded import tls_broker
from tests.publish.support import Broker, config_for, counts, drive, make_publisher
from tests.publish.ways import websockets_broker

OTHER = "0f" * 32


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, check=True,
                          capture_output=True).stdout  # fmt: skip


def printed(certificate: Path) -> str:
    """As openssl prints it: with colons, in capitals."""
    told = openssl("x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256")
    return told.decode().strip().partition("=")[2]


def of_key(certificate: Path) -> str:
    """As docs/mqtt.md has it made."""
    key = openssl("x509", "-in", str(certificate), "-noout", "-pubkey")
    return sha256(openssl("pkey", "-pubin", "-outform", "DER", given=key)).hexdigest()


def shown_by(folder: Path) -> Path:
    """The broker's certificate."""
    (found,) = [file for file in folder.glob("*.pem") if file.name != "ca.pem"]
    return found


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def broker(tmp_path: Path, authority: Authority):
    running = tls_broker(tmp_path, authority)
    yield running
    running.stop()


def pinned(tmp_path: Path, broker: Broker, authority: Authority, *pins: str, **more) -> Config:
    return config_for(tmp_path, broker.port, tls=True, ca_file=str(authority.ca), pins=pins, **more)


@pytest.mark.parametrize("name", [printed, of_key, lambda file: printed(file).replace(":", "")])
def test_what_was_named_is_talked_to(tmp_path, broker, authority, name):
    """By certificate or key, however it is written, among others."""
    config = pinned(tmp_path, broker, authority, OTHER, name(shown_by(tmp_path)))
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(config)
        drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
        publisher.connection.close()
    [finding] = examined(config)
    assert finding.state == "good"
    assert forget(config) == 0


def test_a_trusted_certificate_that_was_not_named_gets_nothing(tmp_path, broker, authority, caplog):
    """One sentence with the hash that it shows; no user, no window; and it is not hurried."""
    config = pinned(tmp_path, broker, authority, OTHER, refused_retry_s=600.0)
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts())
        publisher = make_publisher(config)
        drive(publisher, lambda: "trying again" in caplog.text)
        assert outbox.depth() == 1
        publisher.connection.close()
    (line,) = [line for line in caplog.text.splitlines() if "trying again" in line]
    assert printed(shown_by(tmp_path)).replace(":", "").lower() in line
    assert "none of mqtt.pins" in line
    [finding] = examined(config)
    assert finding.state == "bad"
    assert "mqtt.pins" in finding.text
    broker.stop()
    assert "door" not in broker.log, "the broker heard who we are"


def test_what_was_named_has_to_be_trusted_all_the_same(tmp_path, broker, caplog):
    """A pin takes the place of no check."""
    (tmp_path / "other").mkdir()
    config = pinned(tmp_path, broker, Authority(tmp_path / "other"), printed(shown_by(tmp_path)))
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config)
    drive(publisher, lambda: "trying again" in caplog.text)
    publisher.connection.close()
    assert "is not trusted" in caplog.text


@pytest.mark.parametrize("right", [True, False])
def test_it_holds_for_websockets_too(tmp_path, authority, caplog, right):
    """Before the first word of HTTP."""
    broker, port = websockets_broker(tmp_path, authority)
    pins = (printed(shown_by(tmp_path)) if right else OTHER,)
    config = config_for(tmp_path, port, tls=True, transport="websockets",
                        ca_file=str(authority.ca), pins=pins)  # fmt: skip
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config)
    said = "none of mqtt.pins"
    drive(publisher, lambda: publisher.connection.up if right else said in caplog.text)
    publisher.connection.close()
    broker.stop()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["mqtt.tls=true", 'mqtt.pins=["abc"]'], "the 64 hexadecimal digits of a SHA-256"),
        (["mqtt.tls=true", f'mqtt.pins=["{OTHER}0"]'], "the 64 hexadecimal digits of a SHA-256"),
        (["mqtt.tls=true", 'mqtt.pins="abc"'], "mqtt.pins"),
        ([f'mqtt.pins=["{OTHER}"]'], "set mqtt.tls = true"),
    ],
)
def test_what_could_guard_nothing_is_refused(settings, says):
    """In a sentence, before anything starts."""
    with pytest.raises(ConfigError, match=says):
        load(None, settings)


KEYS = ("ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048", "ed25519")


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("more", [[], ["-addext", "subjectAltName=DNS:" + "a" * 60 + ".example"]])
def test_any_certificate_is_read(tmp_path, kind, more):
    """Of each kind of key, short and long."""
    file = tmp_path / "one.pem"
    openssl("req", "-x509", "-newkey", *kind.split(), "-nodes", "-subj", "/CN=x",
            "-keyout", str(tmp_path / "key"), "-out", str(file), *more)  # fmt: skip
    shown = openssl("x509", "-in", str(file), "-outform", "DER")
    assert fingerprints(shown) == (printed(file).replace(":", "").lower(), of_key(file))


def test_bytes_that_are_no_certificate_are_nobody_s(tmp_path, authority):
    """Cut anywhere, or of chance: the hash of the whole, and no error."""
    certificate, _ = authority.issue("broker")
    shown = openssl("x509", "-in", str(certificate), "-outform", "DER")
    random = Random(17)
    broken = [shown[:size] for size in range(len(shown))]
    broken += [random.randbytes(random.randrange(200)) for _ in range(500)]
    for each in broken:
        assert fingerprints(each)[0] == sha256(each).hexdigest()
