"""A camera for each test that asks for one: by USB, or the Raspberry Pi's own."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from edge.runtime.capture import v4l2_device as kernel
from tests.capture import fake_picamera2
from tests.capture.footage import picture
from tests.capture.usb_camera import Capture, Kernel, made


@pytest.fixture
def camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A device node that the kernel says is a camera."""
    made.clear()
    device = tmp_path / "video0"
    device.touch()
    monkeypatch.setattr(kernel, "DEVICES", tmp_path)
    monkeypatch.setattr(kernel.fcntl, "ioctl", Kernel().ioctl)
    monkeypatch.setattr("edge.runtime.capture.light.mains_hz", lambda: None)
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    monkeypatch.setattr(Capture, "opens", True)
    monkeypatch.setattr(Capture, "script", [picture(i, 64, 48) for i in range(3)])
    return device


@pytest.fixture
def driver(camera: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """The camera's controls; the mains have 50 Hz, the driver's own choice is 60."""
    answering = Kernel()
    monkeypatch.setattr(kernel.fcntl, "ioctl", answering.ioctl)
    monkeypatch.setattr("edge.runtime.capture.light.mains_hz", lambda: 50)
    return answering


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[fake_picamera2.Picamera2]:
    """The library of the Raspberry Pi's own camera, with one that gives frames."""
    return fake_picamera2.install(monkeypatch)
