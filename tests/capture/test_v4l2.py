"""USB cameras. No machine that runs the tests has one, so the kernel's answers are given here."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import cv2
import pytest

from edge.config import tables as config
from edge.errors import SourceError, SourceLostError
from edge.runtime.capture import open_source, v4l2
from edge.runtime.capture import v4l2_device as kernel
from tests.capture.footage import picture
from tests.capture.usb_camera import CODEC, FPS, META, Capture, Kernel, made


def test_a_camera_is_asked_for_what_the_settings_say(camera: Path):
    """Size and rate reach the driver."""
    settings = config.Source(full_size_px=(1280, 720), fps=15)
    with v4l2.open_camera(camera, settings) as source:
        assert source.live
        values = made[0].values
    assert values[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert values[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert values[cv2.CAP_PROP_FPS] == 15
    assert int(values[cv2.CAP_PROP_FOURCC]).to_bytes(4, "little") == b"MJPG"
    assert made[0].released == 1


def test_a_damaged_picture_is_passed_over(camera: Path, monkeypatch):
    """One failed reading is no lost camera."""
    good = picture(1, 64, 48)
    monkeypatch.setattr(Capture, "script", [good, None, None, good])
    with v4l2.open_camera(camera, config.Source(fps=FPS)) as source:
        frames = [source.read(), source.read()]
    assert [frame.sequence for frame in frames] == [0, 1]
    assert frames[0].captured_s < frames[1].captured_s


def test_an_unplugged_camera_is_noticed(camera: Path):
    """Readings that fail for `stall_s` are an error that names the camera."""
    with v4l2.open_camera(camera, config.Source(fps=FPS, stall_s=0.05)) as source:
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
    with open_source(config.Source(uri="usb:0", fps=FPS, stall_s=0.05)) as source:
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
    assert v4l2.links_of(2) == (camera.parent / "video2",)


def test_a_missing_camera_is_said_with_those_that_are_there(camera: Path):
    """The sentence helps to choose another number."""
    with pytest.raises(SourceError, match=r"no camera .*video3; there are: .*video0"):
        v4l2.open_camera(camera.parent / "video3", config.Source(fps=FPS))


@pytest.mark.parametrize("kind", [META, CODEC], ids=["metadata", "codec"])
def test_a_device_that_gives_no_pictures_is_no_camera(camera: Path, monkeypatch, kind: int):
    """A Raspberry Pi has a dozen /dev/video nodes; most are encoders and the like."""
    monkeypatch.setattr(kernel.fcntl, "ioctl", Kernel(kind).ioctl)
    with pytest.raises(SourceError, match="is no camera"):
        v4l2.open_camera(camera, config.Source(fps=FPS))


def test_a_file_that_is_no_device_is_no_camera(camera: Path, monkeypatch):
    """The kernel refuses the question."""

    def refuse(*_: object) -> bytes:
        raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")

    monkeypatch.setattr(kernel.fcntl, "ioctl", refuse)
    with pytest.raises(SourceError, match="is no camera"):
        v4l2.open_camera(camera, config.Source(fps=FPS))


def test_a_busy_camera_is_called_busy(camera: Path, monkeypatch):
    """It can be asked, but not read, while another program streams from it."""
    monkeypatch.setattr(Capture, "opens", False)
    with pytest.raises(SourceError, match="is busy: another program uses it"):
        v4l2.open_camera(camera, config.Source(fps=FPS))
    assert made[0].released == 1


def test_a_forbidden_camera_says_which_group_may(camera: Path, monkeypatch):
    """Permission denied comes with what to do."""

    def deny(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(kernel.os, "open", deny)
    with pytest.raises(SourceError, match="Permission denied: add the user to the group video"):
        v4l2.open_camera(camera, config.Source(fps=FPS))


def test_devices_are_given_back_when_reading_and_closing_meet(camera: Path, monkeypatch):
    """`close` waits for the reading that goes on, since OpenCV crashes otherwise."""
    monkeypatch.setattr(Capture, "script", [picture(1, 64, 48)] * 1000)
    source = v4l2.open_camera(camera, config.Source(fps=FPS))
    assert source.read() is not None
    source.close()
    assert source.read() is None
    assert made[0].released == 1


def test_a_faster_camera_is_decoded_at_the_rate_asked_for(camera: Path, monkeypatch):
    """Of some 100 pictures a second ten are retrieved; the others are not decoded."""
    monkeypatch.setattr(Capture, "script", [picture(1, 64, 48)] * 1000)
    with v4l2.open_camera(camera, config.Source(fps=10)) as source:
        for _ in range(5):
            source.read()
    assert made[0].retrieved == 5


def two_cameras(folder: Path, *, identical: bool) -> tuple[Path, Path]:
    """Links as udev makes them; identical cameras share the last one's name."""
    sockets, names = folder / "v4l" / "by-path", folder / "v4l" / "by-id"
    sockets.mkdir(parents=True)
    names.mkdir(parents=True)
    links = []
    for number in (0, 1):
        device = folder / f"video{2 * number}"
        device.touch()
        link = sockets / f"platform-xhci-usb-0:1.{number + 1}:1.0-video-index0"
        link.symlink_to(device)
        name = names / f"usb-ACME_{'Cam' if identical else number}-video-index0"
        name.unlink(missing_ok=True)
        name.symlink_to(device)
        links.append(link)
    return links[0], links[1]


def test_identical_cameras_are_told_apart_by_their_sockets(camera: Path):
    """They share one name, which leads to either of them."""
    first, second = two_cameras(camera.parent, identical=True)
    assert v4l2.links_of(0) == (first,)
    assert v4l2.links_of(1) == (second,)


def test_no_other_camera_takes_the_place_of_one_that_is_unplugged(
    camera: Path, monkeypatch, caplog
):
    """usb:0 waits for the camera that it was, and says at the start which that is."""
    first, _second = two_cameras(camera.parent, identical=True)
    monkeypatch.setattr("edge.runtime.capture.watch.PAUSES_S", (0.0,))
    with open_source(config.Source(uri="usb:0", fps=FPS, stall_s=0.05, give_up_s=0.3)) as source:
        assert str(first) in caplog.text
        source.read()
        first.unlink()
        with pytest.raises(SourceLostError, match=r"no camera .*1\.1:1\.0-video-index0"):
            while source.read():
                pass
    assert {capture.device for capture in made} == {str(first)}


def test_a_camera_with_a_name_of_its_own_is_found_in_another_socket(camera: Path):
    """Different cameras are followed by their names."""
    two_cameras(camera.parent, identical=False)
    known = v4l2.links_of(1)
    assert [link.parent.name for link in known] == ["by-id", "by-path"]


def test_the_cameras_are_listed_with_name_path_and_formats(camera: Path):
    """For `doctor`: what to write into source.uri."""
    first, second = two_cameras(camera.parent, identical=True)
    found = kernel.cameras()
    assert [each.path for each in found] == [first, second]
    assert found[0].name == "ACME Cam"
    assert found[0].formats == ("MJPG", "YUYV")
