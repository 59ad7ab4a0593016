"""What a Raspberry Pi camera is asked for: exposure, focus, rate, flips, region, light of lamps."""

from __future__ import annotations

import pytest

from edge.errors import SourceError
from edge.runtime.capture.picamera import PiCamera
from tests.capture import fake_picamera2
from tests.capture.fake_picamera2 import settings
from tests.capture.footage import small_of


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"AfMode": 2}),
        ({"focus_m": 2.5}, {"AfMode": 0, "LensPosition": 0.4}),
        ({"exposure_ms": 8, "gain": 2}, {"AfMode": 2, "ExposureTime": 8000, "AnalogueGain": 2}),
    ],
)
def test_exposure_and_focus_reach_the_camera(fake, changes, expected):
    """Milliseconds become microseconds, metres become dioptres."""
    with PiCamera(0, settings(**changes)):
        assert fake.made[0].set == expected


def test_a_camera_without_a_moving_lens_is_not_asked_to_focus(monkeypatch):
    """Controls that this camera lacks are left out."""
    fake = fake_picamera2.install(monkeypatch, controls={"ExposureTime": (1, 10**6, 0)})
    with PiCamera(0, settings(focus_m=1, exposure_ms=5)):
        assert fake.made[0].set == {"ExposureTime": 5000}


def test_the_frame_rate_is_fixed(fake):
    """Ten frames a second are exactly 100 ms each, so that exposure cannot slow them."""
    with PiCamera(0, settings(fps=10)):
        assert fake.made[0].config["controls"] == {"FrameDurationLimits": (100_000, 100_000)}


@pytest.mark.parametrize(
    ("rotate_deg", "mirror", "hflip", "vflip"),
    [
        (0, False, False, False),
        (180, False, True, True),
        (0, True, True, False),
        (180, True, False, True),
        (90, True, False, False),
    ],
)
def test_the_isp_flips_where_it_can(fake, rotate_deg, mirror, hflip, vflip):
    """Upside down and mirrored cost nothing; quarter turns are left to us."""
    with PiCamera(0, settings(rotate_deg=rotate_deg, mirror=mirror)):
        transform = fake.made[0].config["transform"]
        assert (transform.hflip, transform.vflip) == (hflip, vflip)


def test_a_sensor_that_cannot_flip_leaves_it_to_us(monkeypatch):
    """The driver drops the flip silently; the pictures are upright all the same."""
    fake_picamera2.install(monkeypatch, flips=False)
    with PiCamera(0, settings(rotate_deg=180)) as source:
        frame = source.read()
        assert small_of(frame)[-20, -20, 0] > 200, "the blue corner is at the lower right"
        assert frame.full()[-20, -20, 0] == 255
        frame.release()


def test_a_camera_on_its_side_gives_upright_pictures(fake):
    """Small and full are turned alike, and the frame says the turned size."""
    with PiCamera(0, settings(rotate_deg=90)) as source:
        frame = source.read()
        assert small_of(frame).shape == (320, 180, 3)
        assert frame.full().shape == (1280, 720, 3)
        assert (frame.full_width, frame.full_height) == (720, 1280)
        assert small_of(frame)[20, 160, 0] > 200, "the blue corner is on the right"
        assert frame.full()[20, 700, 0] == 255
        frame.release()


def test_a_region_is_cut_by_the_isp_and_keeps_its_proportions(fake):
    """Half the width and all the height: the sensor's pixels of it, in a stream of its shape."""
    with PiCamera(0, settings(region=(0.5, 0, 0.5, 1))) as source:
        camera = fake.made[0]
        assert camera.set["ScalerCrop"] == (2304, 0, 2304, 2592)
        assert camera.config["main"]["size"] == (640, 720)
        assert small_of(source.read()).shape == (360, 320, 3)


def test_a_camera_that_cannot_cut_says_so(monkeypatch):
    """A region that would silently be ignored is refused instead."""
    fake = fake_picamera2.install(monkeypatch, controls={})
    with pytest.raises(SourceError, match=r"cannot show a part .* leave source\.region unset"):
        PiCamera(0, settings(region=(0, 0, 0.5, 0.5)))
    assert fake.made[0].state == "closed"


LIGHT = dict.fromkeys(("AeFlickerMode", "AeFlickerPeriod", "AeExposureMode", "AfMode"))


@pytest.mark.parametrize(
    ("flicker", "mains", "expected"),
    [
        ("auto", 50, {"AeFlickerMode": 1, "AeFlickerPeriod": 10_000}),
        ("auto", 60, {"AeFlickerMode": 1, "AeFlickerPeriod": 8_333}),
        ("auto", None, {}),
        (60, 50, {"AeFlickerMode": 1, "AeFlickerPeriod": 8_333}),
        ("off", 50, {"AeFlickerMode": 0}),
    ],
)
def test_lamps_of_the_country_are_matched(monkeypatch, flicker, mains, expected):
    """A lamp flickers with half the mains' period; what is not known is left to the camera."""
    fake = fake_picamera2.install(monkeypatch, controls=LIGHT)
    monkeypatch.setattr("edge.runtime.capture.light.mains_hz", lambda: mains)
    with PiCamera(0, settings(flicker=flicker)):
        found = {name: value for name, value in fake.made[0].set.items() if "Flicker" in name}
    assert found == expected


def test_a_camera_without_flicker_control_is_taken_as_it_is(monkeypatch):
    """Older releases of libcamera have none."""
    fake = fake_picamera2.install(monkeypatch, controls={})
    with PiCamera(0, settings(flicker=50, exposure_max_ms=20)):
        assert fake.made[0].set == {}


def test_a_ceiling_of_exposure_runs_the_sensor_faster_and_passes_frames_over(monkeypatch):
    """At most 20 ms are 50 frames a second; ten of them are taken, the others given back."""
    fake = fake_picamera2.install(monkeypatch, controls=LIGHT)
    now_s = [0.0]
    request = fake_picamera2.Job.get_result

    def paced(job, timeout=None):
        now_s[0] += 0.02
        return request(job, timeout)

    monkeypatch.setattr(fake_picamera2.Job, "get_result", paced)
    with PiCamera(0, settings(fps=10, exposure_max_ms=20), lambda: now_s[0]) as source:
        camera = fake.made[0]
        assert camera.config["controls"] == {"FrameDurationLimits": (20_000, 20_000)}
        assert camera.set["AeExposureMode"] == 1
        for _ in range(10):
            source.read().release()
        assert camera.given == pytest.approx(46, abs=3)
        assert camera.lent == []
