"""Discovery: what Home Assistant's own code makes of the payload, and when it is sent.

The check by Home Assistant itself needs a Python of 3.13 or newer to build it an environment
(kept in ~/.cache/agender-edge); AGENDER_HA_PYTHON names an interpreter that has it already.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from edge.config.tables import Config, Device
from edge.config.told import Window
from edge.messages.bands import AGE_BANDS
from edge.messages.counts import VIEW_FLAGS, encode_counts
from edge.messages.fields import timestamp
from edge.messages.totals import SPANS, SUMS, Totals, encode_totals
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish import discovery
from edge.publish.discovery import Announcer, device_id, payload, topic
from edge.publish.forget import forget
from edge.publish.topics import Topics
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    health,
    make_publisher,
    state,
)

HERE = Path(__file__).parent
CONFIG = Config(device=Device(site="shop", name="door"))
PYTHONS = ("python3.13", "python3.14", "~/.pyenv/versions/3.13*/bin/python3.13",
           "~/.pyenv/versions/3.14*/bin/python3.14")  # fmt: skip


def new_python() -> str:
    """A Python that Home Assistant runs on."""
    for name in PYTHONS:
        if name.startswith("~"):
            pattern = name.removeprefix("~/")
            candidates = [str(path) for path in Path.home().glob(pattern)]
        else:
            candidates = [found] if (found := shutil.which(name)) else []
        for candidate in candidates:
            done = subprocess.run([candidate, "-c", "import venv, ensurepip"], capture_output=True,
                                  check=False)  # fmt: skip
            if done.returncode == 0:
                return candidate
    pytest.skip("Home Assistant needs Python 3.13 or newer, and there is none")


def installed(python: Path, requirements: Path, requires: Path) -> bool:
    """Install Home Assistant, then what it requires.

    It asks for the newest patch release of Python, which its schemas don't need; but what it
    requires is chosen by Python's version, or pip builds one release after the other from source.
    """
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    alone = ["--no-deps", "--ignore-requires-python", "-r", str(requirements)]
    if subprocess.run([*pip, *alone], check=False).returncode:
        return False
    asked = "from importlib.metadata import requires; print(*requires('homeassistant'), sep='\\n')"
    told = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True)
    requires.write_text(f"{told.stdout}paho-mqtt\n")
    [pins] = requires.parent.glob(
        "lib/python3*/site-packages/homeassistant/package_constraints.txt"
    )
    ready_made = ["--prefer-binary", "-c", str(pins), "-r", str(requires)]
    return subprocess.run([*pip, *ready_made], check=False).returncode == 0


@pytest.fixture(scope="session")
def home_assistant() -> str:
    """An interpreter with Home Assistant, built on first use (several minutes)."""
    given = os.environ.get("AGENDER_HA_PYTHON")
    if given:
        return given
    requirements = HERE / "homeassistant-requirements.txt"
    version = requirements.read_text().split("==")[1].split()[0]
    folder = Path.home() / ".cache" / "agender-edge" / f"homeassistant-{version}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([new_python(), "-m", "venv", "--clear", str(folder)], check=True)
        if not installed(python, requirements, folder / "requires.txt"):
            pytest.skip("Home Assistant could not be installed")
        (folder / "complete").touch()
    return str(python)


def ask(
    python: str, folder: Path, sent: dict[str, Any], *, late_s: float = 0.0, **window: Any
) -> dict[str, Any]:
    """Home Assistant's verdict on a discovery payload; the window ended `late_s` ago."""
    topics = Topics(CONFIG)
    end_s = time.time() - late_s
    stamps = {"start": timestamp(end_s - 60), "end": timestamp(end_s)}
    messages = {
        topics.counts: encode_counts(counts(attention_s_mean=2.5, **stamps, **window)).decode(),
        topics.state: msgspec.json.encode(state(present=4, attending=2)).decode(),
        topics.health: msgspec.json.encode(
            health(
                throttled=None, camera_ok=False, view_covered=True, view_dark=False, outbox_depth=0
            )
        ).decode(),
        topics.totals: encode_totals(
            Totals(
                time=timestamp(0),
                numbering="5e1f0a7700c4",
                seq=7,
                since=timestamp(0),
                day="1970-01-01",
                midnight=timestamp(0),
                **{
                    f"{span}_{name}": 12 if span == "ever" else 5 for span in SPANS for name in SUMS
                },
            )
        ).decode(),
    }
    question = {"topic": topic(CONFIG), "prefix": "homeassistant", "payload": json.dumps(sent),
                "messages": messages}  # fmt: skip
    done = subprocess.run(
        [python, str(HERE / "homeassistant_check.py"), str(folder)],
        input=json.dumps(question), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_device_is_named_after_its_place_and_itself() -> None:
    """A house has many doors: "shop door", in its names as in its entities' ids."""
    sent = payload(CONFIG, 60.0)
    assert sent["device"]["name"] == "shop door"
    ids = [component["default_entity_id"] for component in sent["components"].values()]
    assert all(".shop_door_" in entity_id for entity_id in ids)


@pytest.mark.slow
def test_home_assistant_accepts_every_component_and_key(
    home_assistant: str, tmp_path: Path
) -> None:
    """Its own schemas take the payload, know every key, and render every value as meant."""
    answer = ask(home_assistant, tmp_path, payload(CONFIG, 60.0))
    assert answer["errors"] == []
    expected = {"people": "3", "female": "1", "age_25_34": "2", "attention": "2.5", "dwell": "None",
                "people_ever": "12", "people_today": "5",
                "present": "4", "attending": "2", "paused": "OFF", "temperature": "48.5",
                "throttled": "None", "camera_problem": "ON", "outbox": "0",
                "view_covered": "ON", "view_dark": "OFF", "view_faces_cut": "None"}  # fmt: skip
    assert {key: answer["states"][key] for key in expected} == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("late_s", "synced", "people"),
    [(170, True, "3"), (190, True, "None"), (180_000, True, "None"), (180_000, False, "3")],
)
def test_a_window_of_long_ago_tells_nothing_of_now(
    home_assistant: str, tmp_path: Path, late_s: float, people: str, *, synced: bool
) -> None:
    """A back-log leaves the sensors unknown; the sums, which `totals` tells, take it in."""
    answer = ask(home_assistant, tmp_path, payload(CONFIG, 60.0), late_s=late_s,
                 clock_synced=synced)  # fmt: skip
    assert answer["errors"] == []
    assert answer["states"]["people"] == answer["states"]["age_25_34"].replace("2", "3") == people
    assert answer["states"]["people_ever"] == "12"


def wrong_class(sent: dict[str, Any]) -> None:
    sent["components"]["fps"]["device_class"] = "frequency"  # its unit is not fps


def unknown_key(sent: dict[str, Any]) -> None:
    sent["components"]["people"]["expires_after"] = 5


def no_origin(sent: dict[str, Any]) -> None:
    del sent["origin"]


def wildcard(sent: dict[str, Any]) -> None:
    sent["components"]["pause"]["command_topic"] = "agender/+/pause"


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [wrong_class, unknown_key, no_origin, wildcard])
def test_the_check_finds_what_is_wrong(
    home_assistant: str, tmp_path: Path, spoil: Callable[[dict[str, Any]], None]
) -> None:
    """A payload spoilt in one place doesn't pass: the check above can fail."""
    sent = payload(CONFIG, 60.0)
    spoil(sent)
    assert ask(home_assistant, tmp_path, sent)["errors"] != []


def test_all_that_is_promised_is_announced() -> None:
    """People, women, men, each age band, presence, attention, the view and the diagnostics."""
    components = payload(CONFIG, 60.0)["components"]
    promised = {"people", "people_ever", "people_today",
                "female", "male", "present", "attention", "fps", "temperature",
                "throttled", "outbox", "camera_problem"}  # fmt: skip
    assert promised | {f"age_{band}" for band in AGE_BANDS} | {*VIEW_FLAGS} <= set(components)
    for key in ("fps", "temperature", "throttled", "outbox", "camera_problem", *VIEW_FLAGS):
        assert components[key]["entity_category"] == "diagnostic"
    ids = [component["unique_id"] for component in components.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b_c"), ("a_b", "c")), (("a_", "b"), ("a", "b")), (("a-b", "c"), ("a", "b-c"))],
)
def test_two_devices_never_share_an_identity(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Whatever separators the names hold, two pairs of site and device stay two."""
    made = [device_id(Config(device=Device(site=s, name=n))) for s, n in (one, other)]
    assert made[0] != made[1]


def test_values_expire_with_the_length_of_the_windows() -> None:
    """Three windows and a minute without news, and a count is unknown."""
    config = msgspec.structs.replace(CONFIG, window=Window(length_s=600))
    assert payload(config, 600)["components"]["people"]["expire_after"] == 1860


def test_announcements_come_on_connect_at_birth_and_on_change() -> None:
    """Once each; after Home Assistant's birth within three seconds, spread at random."""
    announcer = Announcer(CONFIG, Random(1))
    assert announcer.due(0) is None
    announcer.connected(1)
    assert announcer.due(1) is not None
    assert announcer.due(2) is None
    announcer.status(b"offline", 3)
    assert announcer.due(9) is None
    announcer.status(b"online", 10)
    assert announcer.due(10) is None
    assert announcer.due(10 + discovery.BIRTH_SPREAD_S) is not None
    for window_s in (60.0, 1.9):
        announcer.window(window_s, 20)
        assert announcer.due(20) is None
    announcer.window(300.0, 20)
    assert announcer.due(20) is not None


def test_home_assistant_s_birth_brings_discovery_again(
    broker: Broker, subscriber: Subscriber, tmp_path: Path
) -> None:
    """Over a real broker: `online` on the status topic, and the retained payload is re-sent."""
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: len(subscriber.of("/config")) == 1)
    subscriber.send("homeassistant/status", b"online")
    drive(publisher, lambda: len(subscriber.of("/config")) == 2)
    publisher.connection.close()


def test_one_command_takes_everything_back(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`forget` leaves no retained message of the device; Home Assistant drops its entities."""
    settings = config_for(tmp_path, broker.port)
    Outbox(tmp_path / FILE_NAME).close()
    publisher = make_publisher(settings)
    before = Subscriber(broker.port)
    drive(publisher, lambda: bool(before.of("/config") and before.of("/health")))
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()
    assert forget(settings) == 0
    assert "agender/v2/shop/door" in capsys.readouterr().out
    after = Subscriber(broker.port, "+/#")
    after.send("end", b"")
    while not after.of("end"):
        pass
    assert [topic for topic, _, retained in after.heard if retained] == []
    for listening in (before, after):
        listening.close()
