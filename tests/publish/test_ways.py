"""Ways through: WebSockets, an HTTP proxy, ALPN, each to a real mosquitto."""

from __future__ import annotations

import socket
import struct
import time
from base64 import b64encode
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from edge.config.tables import Config
from edge.diagnostics.services import broker as examined
from edge.outbox.outbox import Outbox
from edge.publish.device_info import without_secrets
from edge.publish.forget import forget
from edge.publish.own_status import memory_mb
from edge.publish.service import turn
from tests.publish.certificates import Authority
from tests.publish.guarded import tls_broker
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    free_port,
    make_publisher,
)
from tests.publish.ways import Way, alpn_gate, http_proxy, websockets_broker

WINDOWS = 40
WS = {"transport": "websockets"}
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
CONNACK, PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"


@pytest.fixture(autouse=True)
def backlog(outbox: Outbox) -> None:
    """Windows wait in each test."""
    for minute in range(WINDOWS):
        outbox.append(counts(minute))


def delivers(config: Config, listening: Subscriber) -> None:
    """All windows arrive, info is retained, the clean end is known."""
    publisher = make_publisher(config)
    drive(publisher, lambda: len(listening.of("/counts")) == WINDOWS)
    assert listening.of("/info")[0]["device"] == "door"
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()


def said_of(config: Config, caplog: pytest.LogCaptureFixture) -> str:
    """What the log says of the first attempt."""
    publisher = make_publisher(config)
    drive(publisher, lambda: "trying again" in caplog.text)
    publisher.connection.close()
    return caplog.text


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_windows_arrive_over_websockets(tmp_path: Path, protocol: str) -> None:
    """With both versions; requests are heard over it, and doctor and forget go the same way."""
    broker, port = websockets_broker(tmp_path)
    listening = Subscriber(broker.port)
    config = config_for(tmp_path, port, protocol=protocol, **WS)
    delivers(config, listening)
    publisher = make_publisher(config)
    drive(publisher, lambda: publisher.connection.up)
    listening.send("agender/v2/shop/door/request/identify", '{"transaction":"1"}')
    drive(publisher, lambda: bool(listening.of("/response/identify")))
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()
    [finding] = examined(config)
    assert finding.text == f"ws://127.0.0.1:{port} takes what this device publishes"
    assert forget(config) == 0


def test_websockets_with_tls_check_the_certificate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """wss delivers to a broker that is trusted, and to no other."""
    authority = Authority(tmp_path)
    broker, port = websockets_broker(tmp_path, authority)
    secure = WS | {"tls": True}
    assert "is not trusted" in said_of(config_for(tmp_path, port, **secure), caplog)
    listening = Subscriber(broker.port)
    delivers(config_for(tmp_path, port, ca_file=str(authority.ca), **secure), listening)


def test_a_request_longer_than_the_device_takes_is_thrown_away(tmp_path: Path) -> None:
    """Over WebSockets as over TCP: the next one is heard, over the same connection."""
    broker, port = websockets_broker(tmp_path)
    listening = Subscriber(broker.port)
    publisher = make_publisher(config_for(tmp_path, port, protocol="3.1.1", **WS))
    drive(publisher, publisher.delivery.is_done)
    listening.send("agender/v2/shop/door/request/pause", b"x" * 30_000)
    listening.send("agender/v2/shop/door/request/identify", "{}")
    drive(publisher, lambda: bool(listening.of("/response/identify")), 30)
    assert publisher.connection.connects == 1
    publisher.connection.close()


def accepting(then: bytes) -> Way:
    """Shakes hands, says yes in a frame, and then sends the bytes again and again."""

    def serve(client: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += client.recv(1)
        key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        client.sendall(SWITCHING + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        client.recv(65_536)
        client.sendall(bytes([0x82, len(CONNACK)]) + CONNACK)
        while True:
            client.sendall(then)

    return Way(serve)


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (b"\x82\x7f" + struct.pack(">Q", 1 << 60) + b"\x30\xff\xff\xff\x7f" * 9_000, ""),
        (b"\x82\x7f" + struct.pack(">Q", 1 << 60) + PINGRESP * 30_000, ""),
        (b"\x00\x00" * 4_000, ""),  # empty continuations
        (b"\x89\x04ping" * 2_000, ""),
        (b"\x89\x7e\xff\xff" + b"x" * 65_535, "a frame of no known kind"),
        (b"\x81\x02no", "a frame of no known kind"),  # text
        (b"\x82\x82abcd", "a frame of no known kind"),  # masked, which is the client's part
        (b"\x88\x00", "closed the connection"),
    ],
)
def test_no_frame_makes_the_device_keep_much_or_hang(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bytes_: bytes, said: str
) -> None:
    """A broker's frames may be endless, empty or wrong: memory stays, and the loop turns."""
    way = accepting(bytes_)
    publisher = make_publisher(config_for(tmp_path, way.port, protocol="3.1.1", **WS))
    drive(publisher, lambda: publisher.connection.connects > 0)
    before = memory_mb()
    if said:
        drive(publisher, lambda: said in caplog.text)
    else:
        for _ in range(2_000):
            turn(publisher, None)
    assert memory_mb() - before < 8
    publisher.connection.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP status 404 instead of WebSockets: check mqtt.pa"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP status 401"),
        (SWITCHING + b"Sec-WebSocket-Accept: wrong\r\n\r\n", "HTTP status 101"),
        (SWITCHING + b"Sec-WebSocket-Accept\xff\r\n\r\n", "HTTP status 101"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "speaks something else; check mqtt.port"),
        (b"", "closes the connection unanswered; check mqtt.port"),
        (b"x" * 100_000, "speaks something else"),
    ],
)
def test_a_broker_without_websockets_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: bytes, said: str
) -> None:
    """What was answered instead is named by its status alone, and where to look."""

    def serve(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(answer)

    way = Way(serve)
    text = said_of(config_for(tmp_path, way.port, path="/x?token=hunter2", **WS), caplog)
    assert said in text
    assert "hunter2" not in text


@pytest.mark.parametrize("keys", [WS, {"tls": True}, {"proxy": "http://127.0.0.1:{port}"}])
def test_one_byte_now_and_then_outlasts_no_bound(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, keys: dict[str, Any]
) -> None:
    """Proxy, TLS and WebSockets have one bound with TCP: the watchdog never has to end us."""

    def drip(client: socket.socket) -> None:
        client.recv(1)
        while True:
            client.sendall(b"\x16" if "tls" in keys else b"H")
            time.sleep(0.05)

    way = Way(drip)
    keys = {key: value.format(port=way.port) if key == "proxy" else value
            for key, value in keys.items()}  # fmt: skip
    config = config_for(tmp_path, way.port, timeout_s=0.6, **keys)
    text = said_of(config, caplog)
    assert "does not answer" in text or "TLS failed" in text


@pytest.mark.parametrize("kind", ["plain", "tls", "wss"])
def test_an_http_proxy_is_a_way_to_any_broker(tmp_path: Path, kind: str) -> None:
    """The proxy is asked for the broker by name; TLS goes through it to the broker itself."""
    asked: list[str] = []
    proxy = http_proxy(asked)
    authority = Authority(tmp_path)
    keys: dict[str, Any] = {"proxy": f"http://127.0.0.1:{proxy.port}"}
    ca = None
    if kind == "wss":
        broker, port = websockets_broker(tmp_path, authority)
        keys |= WS
    else:
        broker = tls_broker(tmp_path, authority) if kind == "tls" else Broker(tmp_path)
        port, ca = broker.port, authority.ca if kind == "tls" else None
    if kind != "plain":
        keys |= {"tls": True, "ca_file": str(authority.ca)}
    delivers(config_for(tmp_path, port, **keys), Subscriber(broker.port, ca=ca))
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")


def test_a_proxys_password_is_used_and_never_told(
    tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a login the log says what the proxy asks for; with it windows arrive."""
    asked: list[str] = []
    proxy = http_proxy(asked, login=b64encode(b"door:hunter2:@").decode())
    bare = f"http://127.0.0.1:{proxy.port}"
    text = said_of(config_for(tmp_path, broker.port, proxy=bare), caplog)
    assert "answers with HTTP status 407: it asks for user and password" in text
    config = config_for(tmp_path, broker.port, proxy=bare.replace("//", "//door:hunter2%3A%40@"))
    delivers(config, Subscriber(broker.port))
    assert "hunter2" not in caplog.text
    assert without_secrets(config)["mqtt"]["proxy"] == bare


def test_a_proxy_that_gives_no_way_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It reaches no broker, or is no proxy at all."""
    proxy = http_proxy([])
    keys = {"proxy": f"http://127.0.0.1:{proxy.port}"}
    assert "502: it does not reach the broker" in said_of(
        config_for(tmp_path, free_port(), **keys), caplog
    )
    caplog.clear()
    other = Way(lambda client: client.sendall(b"220 mail\r\n\r\n"))
    keys = {"proxy": f"http://127.0.0.1:{other.port}"}
    assert "is no HTTP proxy; check mqtt.proxy" in said_of(
        config_for(tmp_path, free_port(), **keys), caplog
    )


def test_alpn_opens_a_port_that_others_share(
    tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """As on port 443 of AWS IoT Core: who names the protocol is let in, and nobody else."""
    authority = Authority(tmp_path)
    gate = alpn_gate(authority, "x-amzn-mqtt-ca", broker.port)
    keys = {"tls": True, "ca_file": str(authority.ca)}
    said_of(config_for(tmp_path, gate.port, **keys), caplog)
    delivers(
        config_for(tmp_path, gate.port, alpn="x-amzn-mqtt-ca", **keys), Subscriber(broker.port)
    )


def test_a_name_that_is_none_costs_an_attempt_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """TLS has to name the broker, and behind a proxy nobody has looked the name up before."""
    proxy = Way(lambda client: (client.recv(4096), client.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))[1])
    keys = {"host": "hub..local", "tls": True, "proxy": f"http://127.0.0.1:{proxy.port}"}
    assert "no name of a host; check mqtt.host" in said_of(
        config_for(tmp_path, 8883, **keys), caplog
    )
