"""The two streams of a Raspberry Pi camera, and that no buffer is ever lost."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.capture.picamera import PiCamera
from tests.capture import fake_picamera2
from tests.capture.fake_picamera2 import settings
from tests.capture.footage import index_of, small_of


class Clock:
    """Time that the fake camera's waiting moves."""

    def __init__(self, fake: type[fake_picamera2.Picamera2]) -> None:
        self.fake = fake

    def __call__(self) -> float:
        return 100 + sum(camera.waited_s for camera in self.fake.made)


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
