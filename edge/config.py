"""One typed configuration: every key, its meaning, its range and its default live here.

A TOML file overrides the defaults and command-line flags override the file; reading, checking
and explaining it is `edge.settings`' work.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

SafeName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
Seconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


def host_name() -> str:
    """The host's name, made fit for a topic level."""
    return re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname().split(".")[0]).strip("-")[:40] or "pi"


def state_home() -> str:
    """Where durable state lives: systemd's StateDirectory=, else the user's XDG directory."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return os.environ.get("STATE_DIRECTORY") or f"{base}/agender-edge"


def runtime_home() -> str:
    """Where the sockets live: systemd's RuntimeDirectory=, else the user's, else the state's."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    default = f"{base}/agender-edge" if base else f"{state_home()}/run"
    return os.environ.get("RUNTIME_DIRECTORY") or default


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the file's tables: immutable, and an unknown key is an error."""


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
            description="picamera | picamera:1 | /dev/video0 | rtsp://… | a video file | "
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
        float, Meta(gt=0, le=120, description="Frames per second asked of a live camera.")
    ] = 10.0
    realtime: Annotated[
        bool, Meta(description="Play a file at its own pace instead of as fast as possible.")
    ] = False
    repeat: Annotated[
        Annotated[int, Meta(ge=1)], Meta(description="How often a file or folder is played.")
    ] = 1


class Detector(Section, frozen=True):
    """How faces are found."""

    model: Annotated[
        str, Meta(description="A preset (near | far) or the name of a model card.")
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
    ] = ("ssrnet_age_imdb", "ssrnet_gender_imdb")


class Tracking(Section, frozen=True):
    """How detections become people."""

    patience_s: Annotated[
        Seconds, Meta(description="How long a face may be lost before its visit is closed.")
    ] = 1.5


class Window(Section, frozen=True):
    """How counts are summed over time."""

    length_s: Annotated[
        float,
        Meta(ge=1, le=86_400, description="Length of a window, aligned to the wall clock."),
    ] = 60.0


class Privacy(Section, frozen=True):
    """What is folded before anything is stored."""

    k: Annotated[
        int, Meta(ge=1, description="Cells with fewer people than this are folded (1 = none).")
    ] = 1


class Mqtt(Section, frozen=True):
    """The broker."""

    host: Annotated[str, Meta(min_length=1, description="The broker's host name.")] = "localhost"
    port: Annotated[int, Meta(ge=1, le=65_535, description="The broker's port.")] = 1883


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
    window: Window = Window()
    privacy: Privacy = Privacy()
    mqtt: Mqtt = Mqtt()
    paths: Paths = field(default_factory=Paths)
    log: Log = Log()
