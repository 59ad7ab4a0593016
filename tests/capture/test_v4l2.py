"""USB cameras. No machine that runs the tests has one, so the kernel's answers are given here."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import config
from edge.errors import SourceError
from edge.runtime.capture import open_source, v4l2
from tests.capture.footage import picture

CAPTURE, META, CODEC = 0x1, 0x00800000, 0x8000


def capabilities(device_caps: int) -> bytes:
    """What VIDIOC_QUERYCAP answers for a device of a driver with many."""
    everything = device_caps | CAPTURE | v4l2._HAS_DEVICE_CAPS
    return v4l2._CAPABILITIES.pack(b"uvcvideo", b"Camera", b"usb-1", everything, device_caps)


class Capture:
    """cv2.VideoCapture on a camera; `script` gives pictures, None a failed reading."""

    opens = True
    script: list[np.ndarray | None] = []  # noqa: RUF012 - replaced by each test

    def __init__(self, device: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.device, self.values, self.released = device, {}, 0
        self.pictures = iter(list(self.script))
        made.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, key: int, value: float) -> bool:
        self.values[key] = value
        return True

    def get(self, key: int) -> float:
        return self.values[key]

    def read(self):
        assert not self.released
        image = next(self.pictures, None)
        return image is not None, image

    def release(self) -> None:
        self.released += 1


made: list[Capture] = []


@pytest.fixture
def camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A device node that the kernel says is a camera."""
    made.clear()
    device = tmp_path / "video0"
    device.touch()
    monkeypatch.setattr(v4l2, "DEVICES", tmp_path)
    monkeypatch.setattr(v4l2.fcntl, "ioctl", lambda *_: capabilities(CAPTURE))
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    monkeypatch.setattr(Capture, "opens", True)
    monkeypatch.setattr(Capture, "script", [picture(i, 64, 48) for i in range(3)])
    return device


def test_a_camera_is_asked_for_what_the_settings_say(camera: Path):
    """Size, rate and a fixed exposure (the kernel counts in 100 µs) reach the driver."""
    settings = config.Source(full_size_px=(1280, 720), fps=15, exposure_ms=8)
    with v4l2.open_camera(camera, settings) as source:
        assert source.live
        values = made[0].values
    assert values[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert values[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert values[cv2.CAP_PROP_FPS] == 15
    assert values[cv2.CAP_PROP_EXPOSURE] == 80
    assert values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1
    assert int(values[cv2.CAP_PROP_FOURCC]).to_bytes(4, "little") == b"MJPG"
    assert made[0].released == 1


def test_a_damaged_picture_is_passed_over(camera: Path, monkeypatch):
    """One failed reading is no lost camera."""
    good = picture(1, 64, 48)
    monkeypatch.setattr(Capture, "script", [good, None, None, good])
    with v4l2.open_camera(camera, config.Source()) as source:
        frames = [source.read(), source.read()]
    assert [frame.sequence for frame in frames] == [0, 1]
    assert frames[0].captured_s < frames[1].captured_s


def test_an_unplugged_camera_is_noticed(camera: Path):
    """Readings that fail for `stall_s` are an error that names the camera."""
    with v4l2.open_camera(camera, config.Source(stall_s=0.05)) as source:
        for _ in range(3):
            source.read()
        with pytest.raises(SourceError, match=r"the camera .*video0 gave no frame"):
            source.read()


def test_a_usb_camera_plugged_into_another_port_is_found_by_its_name(
    camera: Path, tmp_path: Path, monkeypatch
):
    """usb:0 follows the camera's own name, so that it may come back as another /dev/videoN."""
    names = tmp_path / "v4l" / "by-id"
    names.mkdir(parents=True)
    (tmp_path / "video7").touch()
    link = names / "usb-ACME_Cam_123-video-index0"
    link.symlink_to(camera)
    (names / "usb-ACME_Cam_123-video-index1").symlink_to(tmp_path / "video1")
    monkeypatch.setattr("edge.runtime.capture.watch.PAUSES_S", (0.0,))
    with open_source(config.Source(uri="usb:0", stall_s=0.05)) as source:
        for _ in range(3):
            source.read()
        link.unlink()
        link.symlink_to(tmp_path / "video7")
        assert source.read() is not None
        assert source.restarts == 1
    assert [Path(capture.device).name for capture in made] == [link.name] * 2
    assert all(capture.released == 1 for capture in made)


def test_without_names_usb_counts_the_devices(camera: Path):
    """In a container without udev usb:2 is /dev/video2."""
    assert v4l2.usb_device(2) == camera.parent / "video2"


def test_a_missing_camera_is_said_with_those_that_are_there(camera: Path):
    """The sentence helps to choose another number."""
    with pytest.raises(SourceError, match=r"no camera .*video3; there are: .*video0"):
        v4l2.open_camera(camera.parent / "video3", config.Source())


@pytest.mark.parametrize("kind", [META, CODEC], ids=["metadata", "codec"])
def test_a_device_that_gives_no_pictures_is_no_camera(camera: Path, monkeypatch, kind: int):
    """A Raspberry Pi has a dozen /dev/video nodes; most are encoders and the like."""
    monkeypatch.setattr(v4l2.fcntl, "ioctl", lambda *_: capabilities(kind))
    with pytest.raises(SourceError, match="is no camera"):
        v4l2.open_camera(camera, config.Source())


def test_a_file_that_is_no_device_is_no_camera(camera: Path, monkeypatch):
    """The kernel refuses the question."""

    def refuse(*_: object) -> bytes:
        raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")

    monkeypatch.setattr(v4l2.fcntl, "ioctl", refuse)
    with pytest.raises(SourceError, match="is no camera"):
        v4l2.open_camera(camera, config.Source())


def test_a_busy_camera_is_called_busy(camera: Path, monkeypatch):
    """It can be asked, but not read, while another program streams from it."""
    monkeypatch.setattr(Capture, "opens", False)
    with pytest.raises(SourceError, match="is busy: another program uses it"):
        v4l2.open_camera(camera, config.Source())
    assert made[0].released == 1


def test_a_forbidden_camera_says_which_group_may(camera: Path, monkeypatch):
    """Permission denied comes with what to do."""

    def deny(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(v4l2.os, "open", deny)
    with pytest.raises(SourceError, match="Permission denied: add the user to the group video"):
        v4l2.open_camera(camera, config.Source())


def test_devices_are_given_back_when_reading_and_closing_meet(camera: Path, monkeypatch):
    """`close` waits for the reading that goes on, since OpenCV crashes otherwise."""
    endless = itertools.repeat(picture(1, 64, 48))
    monkeypatch.setattr(Capture, "read", lambda self: (not self.released, next(endless)))
    source = v4l2.open_camera(camera, config.Source())
    assert source.read() is not None
    source.close()
    assert source.read() is None
    assert made[0].released == 1
