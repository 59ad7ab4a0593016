"""The doctor says what is right, what is not, and what to do about it."""

from __future__ import annotations

import shutil

import pytest

from edge import settings
from edge.host import checks
from edge.host.doctor import line
from tests.main_job.program import run


def config(**values):
    return settings.load(
        None, [f"{key.replace('__', '.')}={value}" for key, value in values.items()]
    )


def states(check, settings_in_force):
    return [finding.state for finding in check(settings_in_force)]


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
    findings = list(checks.models(config(paths__models=tmp_path)))
    assert [finding.state for finding in findings].count("bad") == 1
    assert "centerface_384x288.tflite is not the one its card describes" in findings[0].text


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


def test_storage_tells_what_waits(tmp_path):
    """Free space, and the outbox as far as there is one."""
    disk, outbox = checks.storage(config(paths__state=tmp_path))
    assert disk.state == "good"
    assert "none yet" in outbox.text


def test_a_bad_finding_comes_with_advice():
    """In a second line, marked so that the eye finds it."""
    text = line(checks.Finding("disk", "bad", "full", "make room"))
    assert text.startswith("BAD ")
    assert text.endswith("→ make room")


def test_the_verb_ends_with_1_where_something_is_bad(demo_clip):
    """A script can rely on the status."""
    done = run("doctor", "--source", demo_clip, "--broker", "127.0.0.1:9")
    assert done.returncode == 1
    assert "BAD  broker" in done.stdout
    assert "ok   source" in done.stdout
