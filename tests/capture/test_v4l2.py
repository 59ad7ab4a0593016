"""USB cameras. No machine that runs the tests has one, so the kernel's answers are given here."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config import tables as config
from edge.errors import SourceError, SourceLostError
from edge.runtime.capture import open_source, v4l2
from edge.runtime.capture import v4l2_device as kernel
from tests.capture.footage import picture

CAPTURE, META, CODEC = 0x1, 0x00800000, 0x8000
FPS = 120
"""So fast that no picture of the script is passed over."""


class Kernel:
    """Answers ioctl for one camera: what it is, its formats, and controls that keep books."""

    def __init__(self, caps: int = CAPTURE, formats: tuple[bytes, ...] = (b"MJPG", b"YUYV")):
        self.caps, self.formats = caps, formats
        self.ranges = {
            kernel.POWER_LINE_FREQUENCY: (0, 2, 2),
            kernel.EXPOSURE_AUTO: (0, 3, 3),
            kernel.EXPOSURE_ABSOLUTE: (3, 2047, 250),
            kernel.EXPOSURE_DYNAMIC_FRAMERATE: (0, 1, 0),
            kernel.AUTOGAIN: (0, 1, 1),
            kernel.GAIN: (0, 255, 64),
        }
        self.values = {number: default for number, (_, _, default) in self.ranges.items()}
        self.written: list[int] = []
        self.steps: dict[int, int] = {}

    def ioctl(self, handle: int, request: int, argument: bytes) -> bytes:
        if request == kernel._QUERYCAP:
            everything = self.caps | CAPTURE | kernel._HAS_DEVICE_CAPS
            fields = b"uvcvideo", b"ACME Cam", b"usb-1", everything, self.caps
            return kernel._CAPABILITIES.pack(*fields)
        number = int.from_bytes(argument[:4], "little")
        if request == kernel._ENUM_FMT and number < len(self.formats):
            return kernel._FORMAT.pack(number, 1, 0, b"", self.formats[number])
        if request == kernel._QUERYCTRL and number in self.ranges:
            lowest, highest, default = self.ranges[number]
            return kernel._CONTROL_RANGE.pack(number, 1, b"", lowest, highest, 1, default, 0)
        if request == kernel._G_CTRL and number in self.values:
            return kernel._VALUE.pack(number, self.values[number])
        if request == kernel._S_CTRL and number in self.values:
            step = self.steps.get(number, 1)
            self.values[number] = kernel._VALUE.unpack(argument)[1] // step * step
            self.written.append(number)
            return argument
        raise OSError(errno.EINVAL, "Invalid argument")


class Capture:
    """cv2.VideoCapture on a camera; `script` gives pictures, None a failed reading."""

    opens = True
    script: list[np.ndarray | None] = []  # noqa: RUF012 - replaced by each test

    def __init__(self, device: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.device, self.values, self.released, self.retrieved = device, {}, 0, 0
        self.pictures = iter(list(self.script))
        made.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, key: int, value: float) -> bool:
        self.values[key] = value
        return True

    def get(self, key: int) -> float:
        return self.values[key]

    def grab(self) -> bool:
        assert not self.released
        time.sleep(1.2 / FPS)
        self.image = next(self.pictures, None)
        return self.image is not None

    def retrieve(self):
        self.retrieved += 1
        return True, self.image

    def release(self) -> None:
        self.released += 1


made: list[Capture] = []


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


@pytest.fixture
def driver(camera: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """The camera's controls; the mains have 50 Hz, the driver's own choice is 60."""
    answering = Kernel()
    monkeypatch.setattr(kernel.fcntl, "ioctl", answering.ioctl)
    monkeypatch.setattr("edge.runtime.capture.light.mains_hz", lambda: 50)
    return answering


def test_lamps_of_the_country_are_matched_and_undone_at_the_end(camera: Path, driver: Kernel):
    """By default 50 Hz where the mains have it; the camera is given back as it was."""
    with v4l2.open_camera(camera, config.Source()):
        assert driver.values[kernel.POWER_LINE_FREQUENCY] == 1
        assert driver.written == [kernel.POWER_LINE_FREQUENCY]
    assert driver.values[kernel.POWER_LINE_FREQUENCY] == 2


@pytest.mark.parametrize("chosen", [0, 1])
def test_what_somebody_set_outside_stays(camera: Path, driver: Kernel, chosen: int):
    """A value that is not the driver's own was chosen by v4l2-ctl or another program."""
    driver.values |= {kernel.POWER_LINE_FREQUENCY: chosen, kernel.EXPOSURE_AUTO: 1}
    with v4l2.open_camera(camera, config.Source()):
        pass
    assert driver.written == []


@pytest.mark.parametrize(("flicker", "value"), [("off", 0), (50, 1), (60, 2)])
def test_a_frequency_that_is_asked_for_is_set(camera: Path, driver: Kernel, flicker, value):
    """Whatever it was before."""
    driver.values[kernel.POWER_LINE_FREQUENCY] = 3
    driver.ranges[kernel.POWER_LINE_FREQUENCY] = (0, 3, 2)
    with v4l2.open_camera(camera, config.Source(flicker=flicker)):
        assert driver.values[kernel.POWER_LINE_FREQUENCY] == value
    assert driver.values[kernel.POWER_LINE_FREQUENCY] == 3


def test_a_fixed_exposure_is_set_and_put_back(camera: Path, driver: Kernel):
    """8 ms are 80 of the kernel's units, by hand; afterwards it is automatic again."""
    with v4l2.open_camera(camera, config.Source(exposure_ms=8)):
        assert driver.values[kernel.EXPOSURE_AUTO] == 1
        assert driver.values[kernel.EXPOSURE_ABSOLUTE] == 80
    assert driver.values[kernel.EXPOSURE_AUTO] == 3
    assert driver.values[kernel.EXPOSURE_ABSOLUTE] == 250


def test_a_ceiling_of_exposure_makes_the_sensor_faster(camera: Path, driver: Kernel):
    """At most 20 ms are at least 50 frames a second, none of which may last longer."""
    driver.values[kernel.EXPOSURE_DYNAMIC_FRAMERATE] = 1
    with v4l2.open_camera(camera, config.Source(fps=10, exposure_max_ms=20)):
        assert made[0].values[cv2.CAP_PROP_FPS] == 50
        assert driver.values[kernel.EXPOSURE_DYNAMIC_FRAMERATE] == 0
    assert driver.values[kernel.EXPOSURE_DYNAMIC_FRAMERATE] == 1


@pytest.mark.parametrize(
    ("asked", "taken"), [(0, 0), (100, 100), (255, 255), (256, 255), (65_535, 255)]
)
def test_a_fixed_gain_is_set_and_put_back(camera: Path, driver: Kernel, caplog, asked, taken):
    """By hand, as far as the camera's range goes; afterwards it chooses its gain itself again."""
    with v4l2.open_camera(camera, config.Source(usb_gain=asked)):
        assert driver.values[kernel.AUTOGAIN] == 0
        assert driver.values[kernel.GAIN] == taken
    assert driver.values[kernel.AUTOGAIN] == 1
    assert driver.values[kernel.GAIN] == 64
    warned = "source.usb_gain: the camera takes 0 to 255; it is set to 255" in caplog.text
    assert warned == (asked != taken)


def test_without_a_gain_asked_for_that_of_the_camera_stays(camera: Path, driver: Kernel):
    """Whoever set it, and whether or not the key of a Raspberry Pi's camera is there."""
    driver.values |= {kernel.AUTOGAIN: 0, kernel.GAIN: 200}
    with v4l2.open_camera(camera, config.Source(gain=2.0)):
        pass
    assert not {kernel.AUTOGAIN, kernel.GAIN} & set(driver.written)


def test_a_gain_that_is_as_asked_is_not_touched(camera: Path, driver: Kernel):
    """Neither at the beginning nor at the end."""
    driver.values |= {kernel.AUTOGAIN: 0, kernel.GAIN: 100}
    with v4l2.open_camera(camera, config.Source(usb_gain=100)):
        pass
    assert not {kernel.AUTOGAIN, kernel.GAIN} & set(driver.written)


def test_what_somebody_sets_meanwhile_stays(camera: Path, driver: Kernel):
    """Only what is still ours is put back."""
    with v4l2.open_camera(camera, config.Source(usb_gain=100)):
        driver.values[kernel.GAIN] = 180
    assert driver.values[kernel.GAIN] == 180
    assert driver.values[kernel.AUTOGAIN] == 1


def test_a_driver_that_rounds_gets_its_gain_back(camera: Path, driver: Kernel):
    """What it makes of our value is ours too."""
    driver.steps[kernel.GAIN] = 16
    with v4l2.open_camera(camera, config.Source(usb_gain=100)):
        assert driver.values[kernel.GAIN] == 96
    assert driver.values[kernel.GAIN] == 64


def test_a_camera_without_a_gain_says_so(camera: Path, driver: Kernel, caplog):
    """By the key that asked for it; it counts all the same."""
    caplog.set_level("INFO")
    del driver.ranges[kernel.GAIN], driver.ranges[kernel.AUTOGAIN]
    with v4l2.open_camera(camera, config.Source(usb_gain=100, fps=FPS)) as source:
        assert source.read() is not None
    assert caplog.text.count("the camera has no control for source.usb_gain") == 1
    assert "None" not in caplog.text


def test_a_gain_that_the_camera_refuses_is_said(camera: Path, driver: Kernel, monkeypatch, caplog):
    """As some do while they choose their exposure themselves; it counts all the same."""
    real = kernel.set_control

    def refusing(handle: int, number: int, value: int) -> bool:
        return number != kernel.GAIN and real(handle, number, value)

    monkeypatch.setattr(kernel, "set_control", refusing)
    with v4l2.open_camera(camera, config.Source(usb_gain=100, fps=FPS)) as source:
        assert source.read() is not None
    assert "source.usb_gain: the camera refuses 100; it stays at 64" in caplog.text
    assert (driver.values[kernel.AUTOGAIN], driver.values[kernel.GAIN]) == (1, 64)


@pytest.mark.parametrize("answers", range(12))
def test_a_camera_that_goes_while_its_light_is_set_is_no_traceback(
    camera: Path, driver: Kernel, monkeypatch, answers
):
    """Unplugged between two questions: every further one fails, and so does the opening."""
    asked = iter(range(100))
    there = driver.ioctl

    def gone(handle: int, request: int, argument: bytes) -> bytes:
        if next(asked) > answers:
            raise OSError(errno.ENODEV, "No such device")
        return there(handle, request, argument)

    monkeypatch.setattr(kernel.fcntl, "ioctl", gone)
    monkeypatch.setattr(Capture, "opens", False)
    with pytest.raises(SourceError):
        v4l2.open_camera(camera, config.Source(usb_gain=100, exposure_ms=8))


def test_a_camera_without_controls_is_taken_as_it_is(camera: Path, driver: Kernel):
    """What it cannot do is no reason not to count."""
    driver.ranges.clear()
    with v4l2.open_camera(camera, config.Source(exposure_ms=8, fps=FPS)) as source:
        assert source.read() is not None


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
