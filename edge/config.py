"""One typed configuration: every key, its meaning, its range and its default live here.

A TOML file overrides the defaults and command-line flags override the file; reading, checking
and explaining it is `edge.settings`' work.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, field

from edge.config_people import Governor, Motion, Privacy, Space, Tracking, Window
from edge.section import Section

SafeName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
Share = Annotated[float, Meta(ge=0, le=1)]


def host_name() -> str:
    """The host's name, made fit for a topic level."""
    return re.sub(r"[^A-Za-z0-9]+", "-", os.uname().nodename.split(".")[0]).strip("-")[:40] or "pi"


def state_home() -> str:
    """Where durable state lives: systemd's StateDirectory=, else the user's XDG directory."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return os.environ.get("STATE_DIRECTORY") or f"{base}/agender-edge"


def runtime_home() -> str:
    """Where the sockets live: systemd's RuntimeDirectory=, else the user's, else the state's."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    default = f"{base}/agender-edge" if base else f"{state_home()}/run"
    return os.environ.get("RUNTIME_DIRECTORY") or default


class Device(Section, frozen=True):
    """Who this device is, in the topics."""

    site: Annotated[SafeName, Meta(description="The place: the first level of the topics.")] = (
        "home"
    )
    name: Annotated[
        SafeName, Meta(description="The device, unique at its broker. Default: the host name.")
    ] = field(default_factory=host_name)


class Source(Section, frozen=True):
    """Where frames come from."""

    uri: Annotated[
        str,
        Meta(
            description="picamera | picamera:1 | /dev/video0 | usb:0 | rtsp://… | a video file | "
            "a folder of images."
        ),
    ] = "picamera"
    small_width_px: Annotated[
        int, Meta(ge=64, le=1920, description="Width of the frame that the detector sees.")
    ] = 640
    full_size_px: Annotated[
        tuple[int, int], Meta(description="Width and height asked of a live camera; crops' source.")
    ] = (1920, 1080)
    fps: Annotated[
        float,
        Meta(
            gt=0,
            le=120,
            description="Frames per second: asked of a live camera, of a folder its pace.",
        ),
    ] = 10.0
    realtime: Annotated[
        bool, Meta(description="Play a file at its own pace instead of as fast as possible.")
    ] = False
    repeat: Annotated[
        Annotated[int, Meta(ge=1)], Meta(description="How often a file or folder is played.")
    ] = 1
    region: Annotated[
        tuple[Share, Share, Share, Share],
        Meta(
            description="The part that is looked at: left, top, width, height as shares of the "
            "picture before it is turned."
        ),
    ] = (0.0, 0.0, 1.0, 1.0)
    rotate_deg: Annotated[
        Literal[0, 90, 180, 270],
        Meta(description="Turn the picture clockwise, for a camera mounted on its side."),
    ] = 0
    mirror: Annotated[
        bool, Meta(description="Swap left and right, after turning; for a camera behind a mirror.")
    ] = False
    exposure_ms: Annotated[
        Annotated[float, Meta(gt=0, le=1000)] | None,
        Meta(description="Fixed exposure of a live camera; unset: automatic."),
    ] = None
    gain: Annotated[
        Annotated[float, Meta(ge=1, le=64)] | None,
        Meta(description="Fixed analogue gain of a Raspberry Pi camera; unset: automatic."),
    ] = None
    focus_m: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="Fixed focus at this distance, where the lens moves; unset: autofocus."),
    ] = None
    stall_s: Annotated[
        float, Meta(gt=0, description="A live camera without a frame this long is opened again.")
    ] = 5.0
    give_up_s: Annotated[
        float,
        Meta(gt=0, description="After this long without a frame vision ends, to be restarted."),
    ] = 60.0

    def __post_init__(self) -> None:
        left, top, width, height = self.region
        if not (width > 0 and height > 0 and left + width <= 1 and top + height <= 1):
            raise ValueError("expected a region with an area, inside 0..1")


class Detector(Section, frozen=True):
    """How faces are found."""

    model: Annotated[
        str, Meta(description="A preset (near | far | crowd) or the name of a model card.")
    ] = "far"
    threads: Annotated[
        int,
        Meta(ge=1, le=4, description="Inference threads; more than 1 spins on a busy machine."),
    ] = 1


class Estimator(Section, frozen=True):
    """How age and gender are estimated."""

    models: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="Names of model cards; together they give both."),
    ] = ("agender_64",)
    force_heavy: Annotated[
        bool,
        Meta(
            description="Load even a network that only a workstation can run at a useful rate; "
            "a Raspberry Pi refuses it otherwise, with its size and estimated cost."
        ),
    ] = False


class Mqtt(Section, frozen=True):
    """The broker. The password is never a key here: it comes from the systemd credential
    `mqtt-password`, or from `password_file`.
    """

    host: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9.:_%-]{1,253}$",
            description="The broker's host name or address, without scheme, user or password.",
        ),
    ] = "localhost"
    port: Annotated[int, Meta(ge=1, le=65_535, description="The broker's port.")] = 1883
    protocol: Annotated[
        Literal["auto", "5", "3.1.1"],
        Meta(description="MQTT version; auto tries 5 and falls back to 3.1.1."),
    ] = "auto"
    username: Annotated[
        str, Meta(max_length=256, description="User at the broker; empty = anonymous.")
    ] = ""
    password_file: Annotated[
        str, Meta(description="File whose first line is the password; best mode 0600.")
    ] = ""
    tls: Annotated[bool, Meta(description="Encrypt, and check the broker's certificate.")] = False
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
        int, Meta(ge=1, le=64, description="Windows under way at once, unacknowledged.")
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


class OutboxBounds(Section, frozen=True):
    """What waits while the broker is away."""

    max_windows: Annotated[
        int,
        Meta(
            ge=10,
            le=1_000_000,
            description="Windows kept; then the oldest is dropped and counted. "
            "50,000 minutes are 34 days and about 15 MB.",
        ),
    ] = 50_000


class Commands(Section, frozen=True):
    """Requests over MQTT. None of them can return a picture."""

    enabled: Annotated[
        bool, Meta(description="Listen on request/…; guard that topic with the broker's ACL.")
    ] = True


class HomeAssistant(Section, frozen=True):
    """Discovery by Home Assistant."""

    enabled: Annotated[bool, Meta(description="Announce this device's entities.")] = True
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$",
            description="Discovery prefix set in Home Assistant.",
        ),
    ] = "homeassistant"


class Metrics(Section, frozen=True):
    """A /metrics page for Prometheus (needs the extra `metrics`)."""

    port: Annotated[int, Meta(ge=0, le=65_535, description="Port to serve on; 0 = off.")] = 0
    address: Annotated[str, Meta(description="Address to serve on.")] = "127.0.0.1"


class Paths(Section, frozen=True):
    """Where things lie."""

    state: Annotated[str, Meta(description="Folder of the outbox.")] = field(
        default_factory=state_home
    )
    runtime: Annotated[str, Meta(description="Folder of the live sockets.")] = field(
        default_factory=runtime_home
    )
    models: Annotated[str, Meta(description="Folder of model files and cards.")] = field(
        default_factory=lambda: str(Path(__file__).resolve().parent.parent / "models_tflite")
    )


class Log(Section, frozen=True):
    """What is said on stderr."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least level shown.")
    ] = "info"


class Config(Section, frozen=True):
    """The whole file."""

    device: Device = field(default_factory=Device)
    source: Source = Source()
    detector: Detector = Detector()
    estimator: Estimator = Estimator()
    tracking: Tracking = Tracking()
    motion: Motion = Motion()
    governor: Governor = Governor()
    space: Space = Space()
    window: Window = Window()
    privacy: Privacy = Privacy()
    mqtt: Mqtt = Mqtt()
    outbox: OutboxBounds = OutboxBounds()
    commands: Commands = Commands()
    homeassistant: HomeAssistant = HomeAssistant()
    metrics: Metrics = Metrics()
    paths: Paths = field(default_factory=Paths)
    log: Log = Log()
