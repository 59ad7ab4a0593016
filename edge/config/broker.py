"""The way out: the keys of the broker, of what waits for it, and of Home Assistant."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.broker_address import HOST, PORT, WS_PATH, Endpoint, implied_port
from edge.config.proxy import proxy_of
from edge.config.section import SafeName, Section, Table


def with_port(table: Table) -> Table:
    """A checked table with the broker's port filled in, where none is named."""
    mqtt = table.get("mqtt", {})
    websockets = mqtt.get("transport") == "websockets"
    port = mqtt.get("port", implied_port(tls=mqtt.get("tls", False), websockets=websockets))
    return table | {"mqtt": mqtt | {"port": port}}


class Mqtt(Section, frozen=True):
    """The broker. The password is never a key here: it comes from the systemd credential
    `mqtt-password`, or from `password_file`.
    """

    host: Annotated[
        str,
        Meta(
            pattern=rf"^{HOST}$(?!\n)",
            description="The broker's host name or address, without scheme, user or password.",
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
    proxy: Annotated[
        str,
        Meta(
            description="HTTP proxy on the way to the broker (method CONNECT), as "
            "http://proxy.example:3128; user and password as http://USER:PASSWORD@…. Empty: none."
        ),
    ] = ""
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

    @property
    def endpoint(self) -> Endpoint:
        """Where the broker is."""
        path = self.path if self.transport == "websockets" else ""
        return Endpoint(self.host, self.port, self.tls, path)


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
