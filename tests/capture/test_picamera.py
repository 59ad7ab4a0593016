"""The two streams of a Raspberry Pi camera, and that no buffer is ever lost."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.capture.picamera import PiCamera
from tests.capture import fake_picamera2
from tests.capture.footage import index_of, small_of


class Clock:
    """Time that the fake camera's waiting moves."""

    def __init__(self, fake: type[fake_picamera2.Picamera2]) -> None:
        self.fake = fake

    def __call__(self) -> float:
        return 100 + sum(camera.waited_s for camera in self.fake.made)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[fake_picamera2.Picamera2]:
    return fake_picamera2.install(monkeypatch)


def settings(**changes: object) -> config.Source:
    return config.Source(**{"full_size_px": (1280, 720), "small_width_px": 320, **changes})


def test_small_comes_from_lores_and_full_from_main(fake):
    """Both are BGR, of one exposure, without the padding of their rows."""
    with open_source(settings(uri="picamera")) as source:
        assert source.live
        frame = source.read()
        assert small_of(frame).shape == (180, 320, 3)
        assert frame.full().shape == (720, 1280, 3)
        assert (frame.full_width, frame.full_height) == (1280, 720)
        assert index_of(small_of(frame)) == index_of(frame.full()) == 1
        assert small_of(frame)[20, 20, 0] > 200, "blue is the first channel"
        assert frame.full()[20, 20, 0] == 255
        frame.release()


def test_full_is_the_cameras_own_memory_and_mapped_only_on_demand(fake):
    """A frame without a face costs no mapping of the large picture."""
    with PiCamera(0, settings()) as source:
        frame = source.read()
        (request,) = fake.made[0].lent
        assert request.mapped == 0
        assert np.shares_memory(frame.full(), request.buffers["main"])
        assert frame.full() is frame.full()
        assert request.mapped == 1
        frame.release()
        assert request.released == 1


def test_brightness_is_there_before_the_colours(fake):
    """The luminance of the same picture, without its padding; colours are made once, when asked."""
    with PiCamera(0, settings(rotate_deg=90)) as source:
        frame = source.read()
        seen = frame.luma()
        assert seen.shape == (320, 180)
        grey = cv2.cvtColor(small_of(frame), cv2.COLOR_BGR2GRAY).astype(float)
        # Limited range: 16 is black and 235 white.
        assert np.abs(seen - (16 + grey * 219 / 255)).mean() < 2
        frame.small[:] = 7
        assert small_of(frame).max() == 7
        frame.release()


def test_small_outlives_its_frame(fake):
    """The detector's picture is our own memory: the buffer may go back before it is used."""
    with PiCamera(0, settings()) as source:
        frame = source.read()
        (request,) = fake.made[0].lent
        frame.release()
        request.buffers["lores"][:] = 0
        assert index_of(small_of(frame)) == 1


def test_a_released_frame_refuses_its_full_picture(fake):
    """Reading memory that belongs to the camera again is an error, not a wrong picture."""
    with PiCamera(0, settings()) as source:
        frame = source.read()
        frame.release()
        with pytest.raises(RuntimeError, match="released"):
            frame.full()


def test_many_frames_use_one_configuration_and_few_buffers(fake):
    """CMA use is constant: configured once, never more than one request out at a time."""
    with PiCamera(0, settings()) as source:
        for _ in range(200):
            frame = source.read()
            frame.full()
            assert len(fake.made[0].lent) == 1
            frame.release()
    camera = fake.made[0]
    assert camera.configured == 1
    assert camera.lent == []
    assert camera.state == "closed"


@pytest.mark.parametrize("stream", ["lores", "main"])
def test_a_failure_while_mapping_gives_the_request_back(fake, stream: str):
    """Whatever goes wrong between capture and release, the camera gets its buffer."""
    with PiCamera(0, settings()) as source:
        fake.made[0].fail = f"map {stream}"
        if stream == "lores":
            with pytest.raises(RuntimeError):
                source.read()
        else:
            frame = source.read()
            with pytest.raises(RuntimeError):
                frame.full()
            frame.release()
        assert fake.made[0].lent == []


def test_a_frame_released_after_the_camera_was_closed_is_no_error(fake):
    """The loop may hold its last frame while the camera is closed."""
    source = PiCamera(0, settings())
    frame = source.read()
    source.close()
    source.close()
    assert source.read() is None
    frame.release()
    assert fake.made[0].lent == []


def test_a_silent_stall_is_noticed(fake):
    """No frame for `stall_s`: the sentence says so, and the request that comes late is not lost."""
    fake.frames = 1
    source = PiCamera(0, settings(stall_s=3), Clock(fake))
    source.read().release()
    with pytest.raises(SourceError, match="no frame for 3 s"):
        source.read()
    fake.made[0].frames_left = 1  # it comes after all, when nobody waits
    source.close()
    assert fake.made[0].lent == []


def test_a_stalled_camera_is_opened_again_by_the_source(fake, monkeypatch):
    """Through `open_source` a stall ends in a fresh camera, and frames go on."""
    fake.frames = 2
    monkeypatch.setattr("edge.runtime.capture.picamera._POLL_S", 0.01)
    monkeypatch.setattr("edge.runtime.capture.watch.PAUSES_S", (0.0,))
    job_wait = fake_picamera2.Job.get_result

    def waiting(self, timeout):
        try:
            return job_wait(self, timeout)
        except TimeoutError:
            self.camera.frames_left = 0
            raise

    monkeypatch.setattr(fake_picamera2.Job, "get_result", waiting)
    with open_source(settings(uri="picamera", stall_s=0.01)) as source:
        frames = [source.read() for _ in range(5)]
        for frame in frames:
            frame.release()
        assert [frame.sequence for frame in frames] == [0, 1, 2, 3, 4]
        assert source.restarts == 2
    assert [camera.state for camera in fake.made] == ["closed"] * 3


@pytest.mark.parametrize(
    ("attributes", "number", "sentence"),
    [
        ({"cameras": []}, 0, "no camera is connected: check the cable"),
        ({}, 3, r"there is no camera 3; there are: 0 \(imx708\)"),
        ({"fail": "busy"}, 0, r"cannot be opened, is it in use .*Device or resource busy"),
        ({"fail": "start"}, 0, "cannot be started: Failed to start camera: Broken pipe"),
    ],
)
def test_a_camera_that_cannot_be_had_is_said_in_one_sentence(
    monkeypatch, attributes, number, sentence
):
    """Missing, numbered wrongly, busy, failing to start: each is named, and nothing stays open."""
    fake = fake_picamera2.install(monkeypatch, **attributes)
    with pytest.raises(SourceError, match=sentence):
        open_source(settings(uri=f"picamera:{number}"))
    assert all(camera.state == "closed" for camera in fake.made)


def test_a_machine_without_picamera2_is_told_how_to_get_it(monkeypatch):
    """It comes from the system's packages, and a venv must let them through."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(SourceError, match=r"apt install python3-picamera2.*system-site-packages"):
        open_source(settings(uri="picamera"))


def test_a_numpy_that_hides_apts_is_named(monkeypatch, tmp_path):
    """Picamera2's compiled parts were built against apt's numpy, and refuse any other."""
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    with pytest.raises(SourceError, match=r"another numpy than apt's .*size changed.*uninstall"):
        open_source(settings(uri="picamera"))


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
