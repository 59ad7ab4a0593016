"""The role's cluster at real servers: who may say and hear what, and that nothing is lost of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.diagnostics.services import broker as examined
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.forget import forget
from tests.fleet.nodes import DEVICES, Nodes, password
from tests.hub.support import Hub, Sender, wait_until_stored
from tests.publish.support import (
    STARTED,
    config_for,
    counts,
    drive,
    make_publisher,
    nothing_left_running,
    wait_for,
)

__all__ = ["nothing_left_running"]

nats = pytest.importorskip("nats", reason="nats-py is not installed (extra hub)")

BASE = "agender/v2/shop/door"


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    """One node: rights are the same in a cluster of three."""
    return Nodes(tmp_path)


class Peer:
    """Somebody at the broker, with a login; `heard` is what came: topic → payloads."""

    def __init__(self, nodes: Nodes, user: str, name: str = "", will: str = "") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._granted: dict[int, bool] = {}
        self.refused = self.lost = False
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name or user,
                                   reconnect_on_failure=False)  # fmt: skip
        self._client.username_pw_set(user, password(user))
        self._client.tls_set(str(nodes.ca))
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = lambda *_: setattr(self, "lost", True)
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._connected = False
        if will:
            self._client.will_set(will, "a will", 1, retain=True)
        self._client.connect("127.0.0.1", nodes.port("mqtt"))
        self._client.loop_start()
        STARTED.append(self.close)
        wait_for(lambda: self._connected or self.refused or self.lost, 10, "the connection")

    def hears(self, topic: str) -> bool:
        """Subscribe; whether the broker grants it."""
        _, number = self._client.subscribe(topic, qos=1)
        wait_for(lambda: number in self._granted, 10, "an answer")
        return self._granted[number]

    def says(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish until it is acknowledged, which it is by NATS whether it was allowed or not."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def vanish(self) -> None:
        """As a device without power: no farewell."""
        sock = self._client.socket()
        assert isinstance(sock, socket.socket | ssl.SSLSocket)
        sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        self._connected, self.refused = not reason.is_failure, bool(reason.is_failure)

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def _on_subscribe(self, _c: Any, _u: Any, number: int, reasons: list[Any], _p: Any) -> None:
        self._granted[number] = not reasons[0].is_failure


def test_a_device_works_with_no_more_rights_than_these(tmp_path: Path, nodes: Nodes) -> None:
    """Windows are delivered, a request is answered, doctor is content, and all is forgotten."""
    secret = tmp_path / "password"
    secret.write_text(password("door"))
    config = config_for(tmp_path, nodes.port("mqtt"), username="door", tls=True,
                        ca_file=str(nodes.ca), password_file=str(secret))  # fmt: skip
    with Outbox(tmp_path / FILE_NAME) as outbox:
        for minute in range(50):
            outbox.append(counts(minute))
        heard = Peer(nodes, "viewer")
        assert heard.hears("agender/v2/#")
        publisher = make_publisher(config)
        came = topics(heard)
        drive(publisher, lambda: came().count(f"{BASE}/counts") >= 50, 60)
        Peer(nodes, "operator").says(f"{BASE}/request/identify", "{}")
        drive(publisher, lambda: f"{BASE}/response/identify" in came())
        publisher.say_stopped()
        drive(publisher, publisher.stopped_is_known)
        publisher.connection.close()
    assert [finding.state for finding in examined(config)] == ["good"]
    assert forget(config) == 0
    assert "Violation" not in nodes.log()


def topics(peer: Peer) -> Callable[[], list[str]]:
    return lambda: [topic for topic, _ in list(peer.heard)]


FOREIGN = [
    "agender/v2/shop/till/counts",
    "agender/v2/shop/till/availability",
    "agender/v2/other/door/counts",
    f"{BASE}/request/pause",
    f"{BASE}/counts/more",
    "homeassistant/device/agender_shop_till/config",
    "homeassistant/status",
    "$MQTT/msgs/agender/v2/shop/till/counts",
    "$JS/API/STREAM/PURGE/$MQTT_msgs",
]


def test_a_device_writes_its_own_topics_alone(nodes: Nodes) -> None:
    """Not live, not retained, not as its will; its own come through before and after."""
    watching = Peer(nodes, "home")
    assert watching.hears("agender/v2/#")
    assert watching.hears("homeassistant/#")
    door = Peer(nodes, "door")
    door.says(f"{BASE}/counts", "first")
    for topic in FOREIGN:
        door.says(topic, "foreign", retain=True)
        Peer(nodes, "door", name=f"will-{FOREIGN.index(topic)}", will=topic).vanish()
    wait_for(lambda: nodes.log().count("Publish Violation") >= 2 * len(FOREIGN), 20, "refusals")
    door.says(f"{BASE}/counts", "last")
    wait_for(lambda: len(watching.heard) == 2, 10, "its own")
    assert watching.heard == [(f"{BASE}/counts", b"first"), (f"{BASE}/counts", b"last")]
    late = Peer(nodes, "home", name="late")
    assert late.hears("agender/v2/#")
    assert late.hears("homeassistant/#")
    assert late.heard == []


def test_a_device_hears_its_own_requests_alone(nodes: Nodes) -> None:
    """No wildcard, and none of the subjects by which NATS hands messages on inside."""
    door = Peer(nodes, "door")
    for topic in ("#", "agender/#", "agender/v2/+/+/request/+", "agender/v2/shop/till/request/+",
                  f"{BASE}/counts", "+/sub/+", "$MQTT/#", "$MQTT/sub/+", "$JS/#",
                  "_INBOX/#"):  # fmt: skip
        assert not door.hears(topic), topic
    assert door.hears(f"{BASE}/request/+")
    operator = Peer(nodes, "operator")
    operator.says("agender/v2/shop/till/request/pause", "{}")
    operator.says(f"{BASE}/request/pause", "{}")
    wait_for(lambda: bool(door.heard), 10, "its request")
    assert door.heard == [(f"{BASE}/request/pause", b"{}")]


def test_under_another_s_client_id_nothing_of_it_is_heard(nodes: Nodes) -> None:
    """NATS ends the connection that had it, which comes back; its session is nobody else's."""
    till = Peer(nodes, "till")
    assert till.hears("agender/v2/shop/till/request/+")
    thief = Peer(nodes, "door", name="till")
    Peer(nodes, "operator").says("agender/v2/shop/till/request/pause", "{}")
    time.sleep(0.5)  # nothing is waited for: it must not come
    assert thief.heard == []


def test_who_looks_on_says_nothing_and_who_commands_nothing_else(nodes: Nodes) -> None:
    watching = Peer(nodes, "home")
    assert watching.hears("agender/v2/#")
    viewer, operator = Peer(nodes, "viewer"), Peer(nodes, "operator")
    assert viewer.hears("homeassistant/#")
    assert not operator.hears("homeassistant/#")
    for peer in (viewer, operator, watching):
        peer.says(f"{BASE}/counts", "not mine")
    viewer.says(f"{BASE}/request/pause", "not mine")
    operator.says(f"{BASE}/request/pause", "mine")
    wait_for(lambda: bool(watching.heard), 10, "the request")
    assert watching.heard == [(f"{BASE}/request/pause", b"mine")]


def test_nobody_comes_in_without_a_login_or_by_the_other_door(nodes: Nodes) -> None:
    """A device speaks MQTT alone, an ingestor NATS alone, and neither without TLS."""
    assert Peer(nodes, "nobody").refused
    assert Peer(nodes, "ingestor").refused
    for user in DEVICES:
        with pytest.raises(Exception, match=r"(?i)authorization"):
            asyncio.run(calls(nodes, user, "$JS.API.INFO"))
    plain = mqtt.Client(CallbackAPIVersion.VERSION2)
    with pytest.raises(OSError, match=r"reset|closed|timed out"):
        plain.connect("127.0.0.1", nodes.port("mqtt"))
        plain.loop_read()
        raise OSError("closed")  # what it was answered is no CONNACK


async def calls(nodes: Nodes, user: str, subject: str) -> bytes:
    """What NATS answers to a call of its interface."""
    trusted = ssl.create_default_context(cafile=str(nodes.ca))
    client = await nats.connect(
        nodes.nats.split(",")[0], user=user, password=password(user), tls=trusted,
        allow_reconnect=False, max_reconnect_attempts=1, error_cb=_quiet,
    )  # fmt: skip
    try:
        return bytes((await client.request(subject, b"{}", timeout=1)).data)
    finally:
        await client.close()


async def _quiet(_error: Exception) -> None:
    """What is refused is seen by its silence."""


@pytest.mark.parametrize(
    "subject",
    ["$JS.API.STREAM.PURGE.$MQTT_msgs", "$JS.API.STREAM.DELETE.$MQTT_msgs",
     "$JS.API.STREAM.MSG.GET.$MQTT_rmsgs", "$JS.API.CONSUMER.DELETE.$MQTT_msgs.agender-hub",
     "$JS.API.CONSUMER.CREATE.$MQTT_rmsgs", "agender.v2.shop.door.request.pause"],
)  # fmt: skip
def test_an_ingestor_can_neither_clear_nor_command(nodes: Nodes, subject: str) -> None:
    Peer(nodes, "door").says(f"{BASE}/counts", "makes the streams")
    with pytest.raises(Exception, match=r"(?i)timeout|no responders"):
        asyncio.run(calls(nodes, "ingestor", subject))
    assert f'Publish Violation - User "ingestor", Subject "{subject}"' in nodes.log()


@pytest.mark.parametrize(
    ("usage", "secret", "answer"),
    [
        ("", "between nodes", "alert"),
        ("serverAuth", "between nodes", "alert"),  # as the hub's, of the same authority
        ("serverAuth,clientAuth", "guessed", "-ERR 'Authorization Violation'"),
        ("serverAuth,clientAuth", "between nodes", "PONG"),
    ],
)
def test_a_node_joins_with_certificate_and_password_alone(
    tmp_path: Path, usage: str, secret: str, answer: str
) -> None:
    nodes = Nodes(tmp_path, 2)
    trusted = ssl.create_default_context(cafile=str(nodes.ca))
    if usage:
        trusted.load_cert_chain(*nodes.authority.issue("stranger", usage=usage))
    assert answer in _answer(nodes.port("route"), trusted, secret)


def _answer(port: int, trusted: ssl.SSLContext, secret: str) -> str:
    """What is said to whoever asks to be a node, until it is answered or thrown out."""
    asked = {"user": "route", "pass": secret, "name": "X", "cluster": "agender"}
    said = b""
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        try:
            with trusted.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
                sock.sendall(b"CONNECT " + msgspec.json.encode(asked) + b"\r\nPING\r\n")
                while b"PONG" not in said and (more := sock.recv(65_536)):
                    said += more
        except ssl.SSLError as error:
            return str(error)
    return said.decode()


@pytest.mark.slow
def test_three_nodes_and_an_ingestor_store_every_window_once(tmp_path: Path) -> None:
    """A device at one node, the ingestor at the others, of which one is killed meanwhile."""
    nodes = Nodes(tmp_path, 3)
    secret, address = tmp_path / "password", str(tmp_path / "hub.sqlite3")
    secret.write_text(password("ingestor"))
    secret.chmod(0o600)
    servers = ",".join(nodes.nats.split(",")[1:])
    door = Sender(
        nodes.port("mqtt"), "door", ca=nodes.ca, username="door", password=password("door")
    )
    hub = Hub(tmp_path, 1, address, "--nats", servers, "--ca", str(nodes.ca), "--username",
              "ingestor", "--password-file", str(secret), "--ack-wait-s", "2")  # fmt: skip
    hub.listens()
    door.windows(range(30), 0.02)
    nodes.processes["n2"].kill()
    door.windows(range(30, 60), 0.02)
    door.arrived()
    wait_until_stored(address, range(60))
    assert hub.end() == 0
    assert "Violation" not in nodes.log("n1") + nodes.log("n3")
