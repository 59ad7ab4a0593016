"""One typed configuration: every key, its meaning, its range and its default live here.

A TOML file overrides the defaults and command-line flags override the file; reading, checking
and explaining it is `edge.config.read`' work.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, field

from edge.config.audit import Audit
from edge.config.broker import HomeAssistant, Mqtt, OutboxBounds
from edge.config.commands import Commands
from edge.config.history import History
from edge.config.home import user_folder
from edge.config.operator import Operator
from edge.config.page import Page
from edge.config.people import Governor, Motion, Space, Tracking
from edge.config.section import SafeName, Section
from edge.config.seen import Detector, Estimator, Source
from edge.config.told import Health, Privacy, Window


def host_name() -> str:
    """The host's name, made fit for a topic level."""
    return re.sub(r"[^A-Za-z0-9]+", "-", os.uname().nodename.split(".")[0]).strip("-")[:40] or "pi"


def state_home() -> str:
    """Where durable state lives: systemd's StateDirectory=, else the user's XDG directory.

    Empty where the user has none.
    """
    base = user_folder("XDG_STATE_HOME", ".local/state")
    return os.environ.get("STATE_DIRECTORY") or (str(base / "agender-edge") if base else "")


def runtime_home() -> str:
    """Where the sockets live: systemd's RuntimeDirectory=, else the user's, else the state's."""
    base, state = os.environ.get("XDG_RUNTIME_DIR"), state_home()
    default = f"{base}/agender-edge" if base else f"{state}/run" if state else ""
    return os.environ.get("RUNTIME_DIRECTORY") or default


class Device(Section, frozen=True):
    """Who this device is, in the topics."""

    site: Annotated[SafeName, Meta(description="The place: the first level of the topics.")] = (
        "home"
    )
    name: Annotated[
        SafeName, Meta(description="The device, unique at its broker. Default: the host name.")
    ] = field(default_factory=host_name)


class Metrics(Section, frozen=True):
    """A /metrics page for Prometheus (needs the extra `metrics`)."""

    port: Annotated[int, Meta(ge=0, le=65_535, description="Port to serve on; 0 = off.")] = 0
    address: Annotated[str, Meta(description="Address to serve on.")] = "127.0.0.1"


class Paths(Section, frozen=True):
    """Where things lie."""

    state: Annotated[str, Meta(description="Folder of the outbox and the history.")] = field(
        default_factory=state_home
    )
    runtime: Annotated[str, Meta(description="Folder of the live sockets.")] = field(
        default_factory=runtime_home
    )
    models: Annotated[str, Meta(description="Folder of model files and cards.")] = field(
        default_factory=lambda: str(Path(__file__).resolve().parents[2] / "models_tflite")
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
    health: Health = Health()
    mqtt: Mqtt = Mqtt()
    outbox: OutboxBounds = OutboxBounds()
    history: History = History()
    audit: Audit = Audit()
    commands: Commands = Commands()
    homeassistant: HomeAssistant = HomeAssistant()
    metrics: Metrics = Metrics()
    page: Page = Page()
    paths: Paths = field(default_factory=Paths)
    log: Log = Log()
    operator: Operator = Operator()

    @property
    def window_least_s(self) -> float:
        """The least length of a window that may be told: `privacy.window_min_s` with k above 1."""
        return self.privacy.window_min_s if self.privacy.k > 1 else 0.0

    @property
    def window_s(self) -> float:
        """Length of a window in force: as configured, but no shorter than may be told."""
        return max(self.window.length_s, self.window_least_s)
