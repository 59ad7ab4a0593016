"""`agender-edge demo`: the whole chain, without camera, broker or configuration."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge.flash.wheels import packed_files
from edge.messages.counts import counts_schema
from tests.main_job.program import COMMAND, alive, wait_for
from tests.shared import ROOT


def demo(clip, tmp_path, *words):
    """Run the demo in a home of its own, with this clip in its cache."""
    return subprocess.run(
        [*COMMAND, "demo", *words], env=prepared(clip, tmp_path), text=True, capture_output=True,
        timeout=120, check=False,
    )  # fmt: skip


def prepared(clip, tmp_path):
    """The environment of a home with this clip in its cache."""
    cached = tmp_path / "cache" / "agender-edge" / "demo.avi"
    cached.parent.mkdir(parents=True)
    shutil.copy(clip, cached)
    return os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_the_demo_counts_two_visits_and_says_so(demo_clip, tmp_path, kind, monkeypatch):
    """JSON lines where no terminal is; a summary in words; either broker; exit status 0."""
    there = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if kind == "mosquitto" and not there:
        pytest.skip("mosquitto is not installed")
    if kind == "amqtt":
        if not importlib.util.find_spec("amqtt"):
            pytest.skip("amqtt is not installed: pip install 'agender-edge[demo]'")
        monkeypatch.setenv("AGENDER_DEMO_BROKER", "amqtt")
    done = demo(demo_clip, tmp_path)
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    counts = [m["payload"] for m in messages if m["topic"].endswith("/counts")]
    for number, window in enumerate(counts, 1):
        jsonschema.validate(window, counts_schema())
        assert window["seq"] == number
    assert sum(window["people"] for window in counts) == 2
    availability = [m["payload"] for m in messages if m["topic"].endswith("/availability")]
    assert (availability[0], availability[-1]) == ("online", "stopped")
    assert "2 people" in done.stderr
    assert f"The {kind} broker delivered" in done.stderr


@pytest.mark.slow
def test_others_hear_the_demo_at_a_broker_of_theirs(demo_clip, tmp_path, mosquitto):
    """And nothing of it is left in a home's Home Assistant."""
    heard = []
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append(message)
    client.connect("127.0.0.1", mosquitto)
    client.subscribe("#", qos=1)
    client.loop_start()
    done = demo(demo_clip, tmp_path, "--broker", f"127.0.0.1:{mosquitto}")
    client.disconnect()
    client.loop_stop()
    assert done.returncode == 0, done.stderr
    told = [json.loads(m.payload)["people"] for m in heard if m.topic.endswith("/counts")]
    assert sum(told) == 2
    assert {message.topic.split("/")[0] for message in heard} == {"agender"}


def test_a_broker_that_is_not_there_ends_the_demo_with_a_sentence(demo_clip, tmp_path):
    """Before anything is started."""
    done = demo(demo_clip, tmp_path, "--broker", "127.0.0.1:1")
    assert done.returncode != 0
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_takes_everything_along(demo_clip, tmp_path, short_folder, number):
    """A closed terminal leaves no broker, no run and no folder behind."""
    environment = prepared(demo_clip, tmp_path) | {"TMPDIR": str(short_folder)}
    process = subprocess.Popen(
        [*COMMAND, "demo"], env=environment, text=True, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    ours = started_by(process.pid)
    assert len(ours) >= 2
    process.send_signal(number)
    process.communicate(timeout=30)
    wait_for(lambda: not any(map(alive, ours)), "everything gone")
    assert list(short_folder.iterdir()) == []


@pytest.fixture
def short_folder():
    """One whose path leaves room for a socket's name, wherever pytest puts its own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_the_clip_is_rendered_from_what_is_installed(tmp_path):
    """No index is asked for it, in a checkout as in a package."""
    nowhere = {"XDG_CACHE_HOME": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_INDEX_URL": "",
               "PIP_FIND_LINKS": ""}  # fmt: skip
    command = [sys.executable, "-m", "converters.footage", str(tmp_path / "demo.avi")]
    done = subprocess.run(command, env=os.environ | nowhere, text=True, capture_output=True,
                          timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["demo.avi"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_while_it_renders_leaves_no_half_clip(demo_clip, tmp_path, number):
    """Ctrl-C, a request to end or a closed terminal: no traceback, the whole clip or none."""
    process = subprocess.Popen(
        [*COMMAND, "demo"], text=True, process_group=0,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    folder = tmp_path / "agender-edge"
    wait_for(lambda: folder.is_dir() and list(folder.iterdir()), "the clip's beginning")
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else 128 + number)
    assert "Traceback" not in said
    # A fast machine has it whole before it hears of the end.
    left = list(folder.iterdir())
    assert [file.name for file in left] in ([], ["demo.avi"])
    assert all(file.stat().st_size == demo_clip.stat().st_size for file in left)


def started_by(parent):
    """The children and grandchildren of a process."""
    children = [
        int(pid)
        for task in Path(f"/proc/{parent}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    return children + [number for child in children for number in started_by(child)]


@pytest.fixture
def checkout(tmp_path):
    """A copy of this checkout's files, in which nothing was installed yet."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    folder = tmp_path / "checkout"
    for file in (ROOT / "Makefile", *packed_files(ROOT)):
        copy = folder / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return folder


@pytest.mark.slow
def test_make_demo_installs_what_it_needs_and_then_needs_no_network(checkout):
    """No test tool, no linter, no compiler's worth; the second time nothing is fetched."""
    first = subprocess.run(["make", "demo"], cwd=checkout, text=True, capture_output=True,
                           timeout=600, check=False)  # fmt: skip
    assert first.returncode == 0, first.stderr
    assert "installing into .venv-demo (once" in first.stdout
    installed = {path.name for path in checkout.glob(".venv-demo/lib/python3*/site-packages/*")}
    assert {"cv2", "numpy", "paho"} <= installed
    assert not installed & {"pytest", "mypy", "ruff", "hypothesis", "opendp", "yt_dlp", "skimage"}
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("only root can take the network away (unshare, ip)")
    offline = ["unshare", "--net", "sh", "-c", "ip link set lo up && make demo"]
    nowhere = os.environ | {"XDG_CACHE_HOME": str(checkout / "nothing-cached")}
    second = subprocess.run(offline, cwd=checkout, text=True, capture_output=True, timeout=120,
                            check=False, env=nowhere)  # fmt: skip
    assert second.returncode == 0, second.stderr
    assert "installing" not in second.stdout
    assert "2 people" in second.stderr
