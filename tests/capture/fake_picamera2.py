"""Stands in for picamera2 and libcamera where there is no Raspberry Pi.

It keeps books: every request that is lent must come back exactly once, every mapping must be
closed before that, and a stopped or closed camera must not be used.
"""

from __future__ import annotations

import sys
from concurrent.futures import CancelledError
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from edge.config.seen import Source
from tests.capture.footage import picture

STRIDE_EXTRA_PX = 32
"""The ISP pads rows to its own alignment."""


class Request:
    """One exposure: main (BGR bytes) and lores (I420), both with padded rows."""

    def __init__(self, camera: Picamera2, index: int) -> None:
        self.camera = camera
        self.released = 0
        self.mapped = 0
        main, lores = (camera.config[name]["size"] for name in ("main", "lores"))
        self.buffers = {
            "main": np.pad(picture(index % 60, *main), ((0, 0), (0, STRIDE_EXTRA_PX), (0, 0))),
            "lores": self._i420(picture(index % 60, *lores)),
        }

    @staticmethod
    def _i420(image: np.ndarray) -> np.ndarray:
        padded = np.pad(image, ((0, 0), (0, STRIDE_EXTRA_PX), (0, 0)))
        return cv2.cvtColor(padded, cv2.COLOR_BGR2YUV_I420)

    def release(self) -> None:
        assert self.mapped == 0, "a request was released while it was mapped"
        self.released += 1
        assert self.released == 1, "a request was released twice"
        self.camera.lent.remove(self)


class MappedArray:
    """Gives the request's own memory, not a copy."""

    def __init__(self, request: Request, stream: str) -> None:
        if request.camera.fail == f"map {stream}":
            raise RuntimeError(f"mapping {stream} failed")
        self.request, self.stream = request, stream

    def __enter__(self) -> MappedArray:
        assert not self.request.released, "a released request was mapped"
        self.request.mapped += 1
        self.array = self.request.buffers[self.stream]
        return self

    def __exit__(self, *_: object) -> None:
        self.request.mapped -= 1


class Job:
    """A capture that is done when the camera gives a frame."""

    def __init__(self, camera: Picamera2) -> None:
        self.camera = camera

    def get_result(self, timeout: float | None = None) -> Request:
        assert timeout is not None, "waiting without limit would hang for ever"
        camera = self.camera
        if self not in camera.jobs:
            raise CancelledError
        if camera.frames_left <= 0 or len(camera.lent) >= camera.config["buffer_count"]:
            camera.waited_s += timeout
            raise TimeoutError
        camera.frames_left -= 1
        camera.given += 1
        request = Request(camera, camera.given)
        camera.lent.append(request)
        camera.jobs.remove(self)
        return request


class Picamera2:
    """One camera, as far as our source uses it."""

    cameras: ClassVar[list[dict[str, Any]]] = []
    made: ClassVar[list[Picamera2]] = []
    frames = 1000
    fail = ""
    flips = True
    controls: ClassVar[dict[str, Any]] = {}

    def __init__(self, number: int) -> None:
        if self.fail == "busy":
            try:
                raise RuntimeError("Failed to acquire camera: Device or resource busy")
            except RuntimeError:
                raise RuntimeError("Camera __init__ sequence did not complete.")  # noqa: B904
        self.number = number
        self.sensor_resolution = (4608, 2592)
        self.camera_controls = self.controls
        self.lent: list[Request] = []
        self.jobs: list[Job] = []
        self.frames_left = self.frames
        self.given = 0
        self.waited_s = 0.0
        self.set: dict[str, Any] = {}
        self.state = "open"
        self.configured = 0
        self.made.append(self)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return cls.cameras

    def create_video_configuration(self, **config: Any) -> dict[str, Any]:
        return config

    def configure(self, config: dict[str, Any]) -> None:
        self.configured += 1
        self.config = config
        if not self.flips:
            self.config = {**config, "transform": SimpleNamespace(hflip=0, vflip=0)}

    def camera_configuration(self) -> dict[str, Any]:
        return self.config

    def set_controls(self, controls: dict[str, Any]) -> None:
        assert set(controls) <= set(self.camera_controls), "a control that the camera lacks"
        self.set = controls

    def start(self) -> None:
        if self.fail == "start":
            raise RuntimeError("Failed to start camera: Broken pipe")
        self.state = "started"

    def capture_request(self, wait: bool) -> Job:
        assert wait is False
        assert self.state == "started"
        job = Job(self)
        self.jobs.append(job)
        return job

    def cancel_all_and_flush(self) -> None:
        self.jobs.clear()

    def close(self) -> None:
        assert self.state != "closed"
        assert not self.jobs, "a capture was left in the queue"
        self.state = "closed"


def install(monkeypatch: pytest.MonkeyPatch, **attributes: Any) -> type[Picamera2]:
    """Make `import picamera2` and `import libcamera` find a fresh fake for this test."""
    fresh = type("Picamera2", (Picamera2,), {
        "cameras": [{"Model": "imx708"}],
        "made": [],
        "controls": {
            "AfMode": (0, 2, 0), "LensPosition": (0, 32, 1), "ExposureTime": (1, 10**6, 0),
            "AnalogueGain": (1.0, 16.0, 1.0),
            "ScalerCrop": ((0, 0, 64, 64), (0, 0, 4608, 2592), (0, 0, 4608, 2592)),
        },
        **attributes,
    })  # fmt: skip
    library = ModuleType("picamera2")
    library.Picamera2 = fresh  # type: ignore[attr-defined]
    library.MappedArray = MappedArray  # type: ignore[attr-defined]
    libcamera = ModuleType("libcamera")
    libcamera.Transform = SimpleNamespace  # type: ignore[attr-defined]
    libcamera.ColorSpace = SimpleNamespace(Smpte170m=lambda: "BT.601")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", library)
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
    return fresh


def settings(**changes: object) -> Source:
    """A configuration for it: a small picture of 320 beside one of 1280 × 720."""
    return Source(**{"full_size_px": (1280, 720), "small_width_px": 320, **changes})
