"""What is seen: the keys of the camera, the detector and the estimators."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.section import Section, Share
from edge.config.zone import parse_local
from edge.redact import trouble


class Source(Section, frozen=True):
    """Where frames come from."""

    uri: Annotated[
        str,
        Meta(
            description="picamera | picamera:1 | /dev/video0 | usb:0 | rtsp://… | http://… (MJPEG "
            "or HLS) | a video file | a folder of images."
        ),
    ] = "picamera"
    detect_uri: Annotated[
        str,
        Meta(
            description="A second, small stream of the same network camera to look for faces in; "
            "crops are cut from source.uri. Empty: one stream for both."
        ),
    ] = ""
    transport: Annotated[
        Literal["auto", "tcp", "udp"],
        Meta(
            description="How an RTSP camera sends: tcp, udp, or whichever it offers, tcp first "
            "(auto)."
        ),
    ] = "auto"
    decoder: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9_]{1,32}$",
            description="software | hardware (the kernel's, as for H.264 on a Pi 4) | the name of "
            "one of FFmpeg's decoders.",
        ),
    ] = "software"
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
            description="Frames per second: asked of a live camera, taken of a stream, of a "
            "folder its pace.",
        ),
    ] = 10.0
    realtime: Annotated[
        bool, Meta(description="Play a file at its own pace instead of as fast as possible.")
    ] = False
    repeat: Annotated[
        Annotated[int, Meta(ge=1)], Meta(description="How often a file or folder is played.")
    ] = 1
    recorded_at: Annotated[
        str,
        Meta(
            description="When a recording began, for the stamps of its windows: 2026-05-01T10:00 "
            "by window.timezone, or with an offset as +02:00. Empty: now."
        ),
    ] = ""
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
    exposure_max_ms: Annotated[
        Annotated[float, Meta(ge=5, le=1000)] | None,
        Meta(
            description="Longest automatic exposure of a live camera, so that whoever walks stays "
            "sharp (20 indoors); the sensor runs faster for it. Unset: a frame's time."
        ),
    ] = None
    flicker: Annotated[
        Literal["auto", "off"] | Literal[50, 60],  # apart: msgspec 0.19 can sort no mixture
        Meta(
            description="Frequency of the mains, against bands of light under lamps; auto: by the "
            "time zone's country, and a USB camera that was set otherwise is left alone."
        ),
    ] = "auto"
    gain: Annotated[
        Annotated[float, Meta(ge=1, le=64)] | None,
        Meta(description="Fixed analogue gain of a Raspberry Pi camera; unset: automatic."),
    ] = None
    usb_gain: Annotated[
        Annotated[int, Meta(ge=0, le=65_535)] | None,
        Meta(
            description="Fixed gain of a USB camera, in its driver's own units (v4l2-ctl "
            "--list-ctrls shows their range); most heed it with exposure_ms alone. Unset: as it is."
        ),
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
        if wrong := trouble(self.uri) or trouble(self.detect_uri):
            raise ValueError(wrong)
        if self.recorded_at:
            parse_local(self.recorded_at)
        left, top, width, height = self.region
        if not (width > 0 and height > 0 and left + width <= 1 and top + height <= 1):
            raise ValueError("expected a region with an area, inside 0..1")


class Detector(Section, frozen=True):
    """How faces are found."""

    model: Annotated[
        str, Meta(description="A preset (near | far | crowd) or the name of a model card.")
    ] = "far"
    looks_per_s: Annotated[
        float,
        Meta(
            gt=0,
            le=120,
            description="Looks for faces a second at most, each the network's run over the whole "
            "frame, a part or a tile of it; in between their places are predicted.",
        ),
    ] = 15.0
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
    commercial_only: Annotated[
        bool,
        Meta(
            description="Refuse networks, the detector's too, whose cards do not say that they are "
            "free for commercial use. `agender-edge config check` names those that are not."
        ),
    ] = False
