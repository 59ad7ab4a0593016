"""The way out: the keys of the broker, of what waits for it, and of Home Assistant."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from edge.broker_address import (
    AUTO,
    HOST,
    PORT,
    WS_PATH,
    Endpoint,
    host_and_port,
    implied_port,
    websockets,
)
from edge.config.proxy import proxy_of
from edge.config.section import SafeName, Section, Table
from edge.errors import ConfigError


def with_port(table: Table) -> Table:
    """A checked table with the broker's port filled in, where none is named."""
    mqtt = table.get("mqtt", {})
    websockets = mqtt.get("transport") == "websockets"
    port = mqtt.get("port", implied_port(tls=mqtt.get("tls", False), websockets=websockets))
    return table | {"mqtt": mqtt | {"port": port}}


FINGERPRINT = r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$(?!\n)"
Fingerprint = Annotated[str, Meta(pattern=FINGERPRINT)]
"""A SHA-256 in hexadecimal, with colons as openssl prints it, or without."""


class Mqtt(Section, frozen=True):
    """The broker. The password is never a key here: it comes from the systemd credential
    `mqtt-password`, or from `password_file`.
    """

    host: Annotated[
        str,
        Meta(
            pattern=rf"^{HOST}$(?!\n)",
            description="The broker's host name or address, without scheme, user or password; "
            "auto: the one that announces itself on this network (mDNS), or that its DNS names "
            "(SRV records of the search domain); with mqtt.tls _secure-mqtt._tcp, else _mqtt._tcp.",
        ),
    ] = "localhost"
    port: Annotated[
        int,
        Meta(
            ge=1,
            le=65_535,
            description="The broker's port; unset: 1883, with mqtt.tls 8883; for websockets 80 "
            "and 443.",
        ),
    ] = PORT
    transport: Annotated[
        Literal["tcp", "websockets"],
        Meta(description="What carries MQTT: TCP, or WebSockets (ws, with mqtt.tls wss)."),
    ] = "tcp"
    path: Annotated[
        str,
        Meta(pattern=rf"^{WS_PATH}$(?!\n)", description="Path of the broker's WebSockets."),
    ] = "/mqtt"
    auto_unverified: Annotated[
        bool,
        Meta(
            description="host = auto without TLS: count into whichever broker answers, though "
            "anybody on the network can. No password is sent to it."
        ),
    ] = False
    proxy: Annotated[
        str,
        Meta(
            description="HTTP proxy on the way to the broker (method CONNECT), as "
            "http://proxy.example:3128; user and password as http://USER:PASSWORD@…. Empty: none."
        ),
    ] = ""
    fallback: Annotated[
        tuple[str, ...],
        Meta(
            max_length=8,
            description="Further brokers, in order, for as long as those before them are away: "
            "HOST or HOST:PORT (port, transport and TLS as for host), ws://… or wss://…. User, "
            "password and certificates are the same at all.",
        ),
    ] = ()
    failback_s: Annotated[
        float,
        Meta(ge=1, le=86_400, description="How often the brokers before the one in use are tried."),
    ] = 60.0
    prefix: Annotated[
        SafeName, Meta(description="First level of all topics: PREFIX/v2/SITE/DEVICE/….")
    ] = "agender"
    client_id: Annotated[
        str,
        Meta(
            pattern=r"^[\x21-\x7e]{0,128}$(?!\n)",
            description="Client id, unique at the broker, where it prescribes one (hosted brokers "
            "may ask for the name of a certificate or thing). Empty: agender.SITE.DEVICE.",
        ),
    ] = ""
    protocol: Annotated[
        Literal["auto", "5", "3.1.1"],
        Meta(description="MQTT version; auto tries 5 and falls back to 3.1.1."),
    ] = "auto"
    qos: Annotated[
        Literal["auto"] | Literal[0],  # apart: msgspec 0.19 can sort no mixture
        Meta(
            description="auto: windows go out at QoS 1, at which none is lost, and are kept where "
            "the broker takes only 0; 0: all goes out at QoS 0, and what is under way may get lost."
        ),
    ] = "auto"
    retain: Annotated[
        Literal["auto", "off"],
        Meta(
            description="auto: the broker retains what is so documented, if it can; off: nothing, "
            "for a broker with MQTT 3.1.1 that ends the connection over it."
        ),
    ] = "auto"
    username: Annotated[
        str, Meta(max_length=256, description="User at the broker; empty = anonymous.")
    ] = ""
    password_file: Annotated[
        str, Meta(description="File whose first line is the password; best mode 0600.")
    ] = ""
    tls: Annotated[bool, Meta(description="Encrypt, and check the broker's certificate.")] = False
    alpn: Annotated[
        str,
        Meta(
            pattern=r"^[\x21-\x7e]{0,255}$(?!\n)",
            description="Protocol named in the TLS handshake (ALPN), where the broker shares port "
            "443: mqtt, at AWS IoT Core x-amzn-mqtt-ca. Empty: none.",
        ),
    ] = ""
    ca_file: Annotated[
        str, Meta(description="Certificates (PEM) to trust; empty = the system's.")
    ] = ""
    cert_file: Annotated[
        str, Meta(description="This device's certificate (PEM), for mutual TLS.")
    ] = ""
    key_file: Annotated[str, Meta(description="The key (PEM) that belongs to cert_file.")] = ""
    pins: Annotated[
        tuple[Fingerprint, ...],
        Meta(
            max_length=8,
            description="SHA-256 of the certificates, or of their public keys, of which the "
            "broker's has to be one, in hexadecimal as openssl prints it; empty: any that is "
            "trusted.",
        ),
    ] = ()
    keepalive_s: Annotated[
        int, Meta(ge=5, le=3_600, description="Silence after which both ends ask for life.")
    ] = 30
    timeout_s: Annotated[
        float,
        Meta(ge=0.1, le=300, description="Wait for a connection or an acknowledgement."),
    ] = 15.0
    max_in_flight: Annotated[
        int, Meta(ge=1, le=64, description="Publishes of QoS 1 under way at once, unacknowledged.")
    ] = 8
    reconnect_min_s: Annotated[
        float, Meta(gt=0, le=600, description="Longest first pause before connecting again.")
    ] = 1.0
    reconnect_max_s: Annotated[
        float, Meta(gt=0, le=3_600, description="Longest pause before connecting again.")
    ] = 60.0
    refused_retry_s: Annotated[
        float, Meta(gt=0, le=86_400, description="Pause after the broker refused us.")
    ] = 120.0
    drain_s: Annotated[
        float, Meta(ge=0, le=300, description="At the end: time to deliver what still waits.")
    ] = 5.0

    def __post_init__(self) -> None:
        if self.proxy and proxy_of(self.proxy) is None:
            raise ValueError("expected a proxy such as http://proxy.example:3128")
        if any(self._parsed(text) is None for text in self.fallback):
            raise ValueError(
                "expected in fallback HOST, HOST:PORT, ws://HOST/PATH or wss://HOST/PATH"
            )

    @property
    def endpoint(self) -> Endpoint:
        """Where the first broker is."""
        path = self.path if self.transport == "websockets" else ""
        return Endpoint(self.host, self.port, self.tls, path)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All brokers, in order of preference."""
        others = (self._parsed(text) for text in self.fallback)
        return (self.endpoint, *(other for other in others if other is not None))

    @property
    def encrypted(self) -> bool:
        """Whether every broker is reached by TLS alone."""
        return all(to.tls for to in self.endpoints)

    @property
    def pinned(self) -> tuple[str, ...]:
        """`pins` in small letters, without colons."""
        return tuple(pin.replace(":", "").lower() for pin in self.pins)

    def at(self, to: Endpoint) -> Mqtt:
        """The same, with this one broker and no other."""
        mine = replace(
            self, host=to.host, port=to.port, tls=to.tls, path=to.path or self.path,
            transport="websockets" if to.path else "tcp", fallback=(),
        )  # fmt: skip
        return (
            mine
            if to.tls
            else replace(mine, alpn="", ca_file="", cert_file="", key_file="", pins=())
        )

    @staticmethod
    def is_host(text: str) -> bool:
        """Whether that can be a host."""
        return re.fullmatch(HOST, text) is not None

    def _parsed(self, text: str) -> Endpoint | None:
        """A broker of `fallback`; None where it is none."""
        if "://" in text:
            return websockets(text)
        try:
            host, port = host_and_port(text)
        except ConfigError:
            return None
        right = self.is_host(host) and 0 < int(port or self.port) < 65_536
        return self.endpoint._replace(host=host, port=int(port or self.port)) if right else None


def check(mqtt: Mqtt) -> None:
    """ConfigError where keys that are right by themselves don't go together."""
    if mqtt.tls and not mqtt.encrypted:
        raise ConfigError(
            "mqtt.fallback: with mqtt.tls = true write wss:// in place of ws://, for TLS is to "
            "hold at each broker"
        )
    if mqtt.pins and not mqtt.encrypted:
        raise ConfigError(
            "mqtt.pins are of TLS: set mqtt.tls = true, with wss:// in mqtt.fallback, or take them "
            "out"
        )
    if mqtt.alpn and not any(to.tls for to in mqtt.endpoints):
        raise ConfigError("mqtt.alpn is part of TLS: set mqtt.tls = true, or take it out")
    if any(to.host == AUTO for to in mqtt.endpoints):
        _check_auto(mqtt)


def _check_auto(mqtt: Mqtt) -> None:
    """ConfigError where a broker that anybody could be is not to be used."""
    if not mqtt.tls and not mqtt.auto_unverified:
        raise ConfigError(
            "mqtt.host = auto needs mqtt.tls = true, for anybody on the network can answer; "
            "mqtt.auto_unverified = true takes whoever does"
        )
    if not mqtt.tls and (mqtt.username or mqtt.password_file):
        raise ConfigError(
            "mqtt.username and mqtt.password_file would be told to whoever answers, under "
            "mqtt.auto_unverified: set mqtt.tls = true, or take them out"
        )
    if mqtt.transport != "tcp" or mqtt.proxy:
        raise ConfigError(
            "mqtt.host = auto goes with mqtt.transport = tcp and no mqtt.proxy; name the broker"
        )


class OutboxBounds(Section, frozen=True):
    """What waits while the broker is away."""

    max_windows: Annotated[
        int,
        Meta(
            ge=10,
            le=1_000_000,
            description="Windows kept; then the oldest is dropped and counted. "
            "50,000 minutes are 34 days and about 20 MB.",
        ),
    ] = 50_000


class HomeAssistant(Section, frozen=True):
    """Discovery by Home Assistant."""

    enabled: Annotated[bool, Meta(description="Announce this device's entities.")] = True
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$(?!\n)",
            description="Discovery prefix set in Home Assistant.",
        ),
    ] = "homeassistant"
