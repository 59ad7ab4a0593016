"""The light of USB cameras: lamps, exposure and gain, without undoing what somebody set outside."""

from __future__ import annotations

import errno
from pathlib import Path

import cv2
import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import v4l2
from edge.runtime.capture import v4l2_device as kernel
from tests.capture.usb_camera import FPS, Capture, Kernel, made


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
