"""The doctor says what is right, what is not, and what to do about it."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from pathlib import Path

import cv2
import pytest

from edge.config.seen import Source
from edge.config.tables import Config, Paths
from edge.diagnostics import checks
from edge.diagnostics.doctor import line
from edge.diagnostics.finding import Finding
from edge.host import units
from edge.host.units import Unit
from edge.outbox.outbox import Outbox
from edge.runtime.capture import v4l2_device
from tests.capture.test_view_health import HARM, ROOM
from tests.host.doctor import config, states
from tests.main_job.program import run


def test_the_shipped_models_are_whole_and_fast():
    """Every configured model is loaded, run, and found to be run by XNNPACK, with its digest."""
    findings = list(checks.models(config()))
    assert len(findings) >= 3
    for finding in findings:
        assert finding.state == "good"
        assert "sha256" in finding.text
        assert "XNNPACK active" in finding.text


def test_a_damaged_model_is_bad(tmp_path, models):
    """The sentence names the file; the others are still looked at."""
    for path in (*models.glob("*.json"), *models.glob("*.tflite")):
        shutil.copy(path, tmp_path)
    (tmp_path / "centerface_384x288.tflite").write_bytes(b"short")
    damaged = config(paths__models=tmp_path, detector__model="crowd")
    findings = list(checks.models(damaged))
    assert [finding.state for finding in findings].count("bad") == 1
    assert "centerface_384x288.tflite is not the one its card describes" in findings[0].text


@pytest.mark.parametrize(("variant", "words"), [("dot_product", "with 8-"), ("plain", "without")])
def test_the_processor_s_variant_is_told(monkeypatch, variant, words):
    """It decides which of a model's networks runs."""
    monkeypatch.setattr(checks, "processor_class", lambda: variant)
    assert words in next(checks.processor(config())).text


def test_a_source_that_works_shows_its_size(demo_clip):
    """A frame was really read."""
    [finding] = checks.source(config(source__uri=demo_clip))
    assert (finding.state, finding.text) == ("good", f"{demo_clip}, 640x480")


def test_a_missing_camera_is_bad():
    """A camera that is not there is told as such."""
    assert states(checks.source, config(source__uri="/dev/video97")) == ["bad"]


def test_a_broker_that_takes_us_is_good(mosquitto):
    """A real connection was made."""
    assert states(checks.broker, config(mqtt__host="127.0.0.1", mqtt__port=mosquitto)) == ["good"]


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [("127.0.0.1", 9, "not reached"), ("nowhere.invalid", 1883, "name is not known")],
)
def test_a_broker_that_does_not_is_bad(host, port, why):
    """The finding says whether the name or the connection fails."""
    [finding] = checks.broker(config(mqtt__host=host, mqtt__port=port))
    assert finding.state == "bad"
    assert why in finding.text


def test_storage_of_a_user_without_a_home_is_told():
    """Nothing is said to be free in a folder that nobody named."""
    homeless = Config(paths=Paths(state=""))
    (found,) = checks.storage(homeless)
    assert (found.state, "has no home folder" in found.text) == ("bad", True)


def test_storage_tells_what_waits(tmp_path):
    """Free space, and the outbox as far as there is one."""
    disk, outbox = checks.storage(config(paths__state=tmp_path))
    assert disk.state == "good"
    assert "none yet" in outbox.text


def test_a_bad_finding_comes_with_advice():
    """In a second line, marked so that the eye finds it."""
    text = line(Finding("disk", "bad", "full", "make room"))
    assert text.startswith("BAD ")
    assert text.endswith("→ make room")


def test_the_verb_ends_with_1_where_something_is_bad(demo_clip):
    """A script can rely on the status."""
    done = run("doctor", "--source", demo_clip, "--broker", "127.0.0.1:9")
    assert done.returncode == 1
    assert "BAD  broker" in done.stdout
    assert "ok   source" in done.stdout


@pytest.mark.parametrize("change", ["", "CREATE TABLE more (name TEXT)", "DROP TABLE windows"])
def test_an_outbox_of_a_newer_release_is_told(tmp_path, change):
    """And not taken for a damaged one, whatever tables it has."""
    Outbox(tmp_path / "outbox.sqlite").close()
    database = sqlite3.connect(tmp_path / "outbox.sqlite")
    database.execute(change)
    database.execute("PRAGMA user_version = 9")
    database.close()
    _, found = checks.storage(config(paths__state=tmp_path))
    assert (found.state, "newer agender-edge" in found.text) == ("bad", True)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"\xff" * 8192, b""])
def test_a_garbage_outbox_is_called_what_it_is(tmp_path, content):
    """Not empty: damaged, or none at all; and it is left as it was."""
    (tmp_path / "outbox.sqlite").write_bytes(content)
    _, found = checks.storage(config(paths__state=tmp_path))
    assert found.state == "bad"
    assert "is damaged, or no outbox" in found.text
    assert (tmp_path / "outbox.sqlite").read_bytes() == content


def test_a_missing_picamera2_is_told_how_to_get_it():
    """By apt, which a virtual environment must let through."""
    found = list(checks.source(config(source__uri="picamera")))
    assert "sudo apt install python3-picamera2" in found[0].advice


def test_a_32_bit_system_is_refused_in_a_sentence(monkeypatch):
    """Whatever the kernel is: pointers of four bytes."""
    monkeypatch.setattr(struct, "calcsize", lambda _: 4)
    found = next(checks.software(config()))
    assert found.state == "bad"
    assert "32-bit system" in found.text
    assert "64-bit" in found.advice


def test_services_folders_are_looked_into(monkeypatch):
    """Root's own folders hold nothing: the doctor takes those of the units."""
    monkeypatch.setenv("STATE_DIRECTORY", "")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/mine")
    told = ("STATE_DIRECTORY=/var/lib/agender-edge", "RUNTIME_DIRECTORY=/run/agender-edge")
    monkeypatch.setattr(units, "look", lambda name: Unit(name, True, environment=told))
    units.adopt_folders()
    assert config().paths.state == "/var/lib/agender-edge"
    assert config().paths.runtime == "/mine"


def test_cameras_are_listed_with_what_to_write(monkeypatch):
    """Name, path and formats of each; none is no finding."""
    path = Path("/dev/v4l/by-path/platform-xhci-usb-0:1.2:1.0-video-index0")
    found = [v4l2_device.Camera("ACME Cam", path, ("MJPG", "YUYV"))]
    monkeypatch.setattr(v4l2_device, "cameras", lambda: found)
    [finding] = checks.cameras(config())
    assert finding.text == f"ACME Cam: {path} (MJPG, YUYV)"
    found.clear()
    assert list(checks.cameras(config())) == []


def test_a_camera_s_password_is_not_told():
    """Neither where it works nor where it does not."""
    text = next(iter(checks.source(config(source__uri="/dev/video97")))).text
    assert "video97" in text
    text = next(iter(checks.source(Config(source=Source(uri="rtsp://a:horse@127.0.0.1:9/x"))))).text
    assert "horse" not in text


@pytest.mark.parametrize("trouble", ["dark", "covered", "blurred"])
def test_what_is_wrong_with_the_view_is_told(tmp_path, trouble):
    """One look tells a dark, a covered and an unfocused picture from a good one."""
    cv2.imwrite(str(tmp_path / "a.png"), HARM[trouble](ROOM[:360, :640]))
    found = list(checks.source(config(source__uri=tmp_path)))
    assert [(f.subject, f.state) for f in found] == [("source", "good"), ("view", "bad")]
    assert trouble in found[1].text
    cv2.imwrite(str(tmp_path / "a.png"), ROOM[:360, :640])
    assert len(list(checks.source(config(source__uri=tmp_path)))) == 1
