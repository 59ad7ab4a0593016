"""Nothing in `health` lets an observer tell nobody from one person within a window."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from edge.config.told import Privacy
from edge.host import readings
from edge.messages.live import PublisherSocket, StateNow, VisionSocket
from edge.outbox.outbox import Outbox
from edge.outbox.starts import Starts
from edge.runtime.frame import ViewHealth
from edge.runtime.meter import Meter
from edge.vision import reporter
from edge.vision.load import NOT_TOLD
from edge.vision.orders import Orders
from edge.vision.pause import PauseRecord
from edge.vision.reporter import Disclosure, Reporter
from tests.people.test_short_windows import window


class Room:
    """A reporter over a loop, a meter and a machine that a test drives, second by second."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, k: int, **privacy) -> None:
        self.now_s = 0.0
        self.celsius = 50.0
        self.meter_s = 0.0
        monkeypatch.setattr(reporter.time, "monotonic", lambda: self.now_s)
        monkeypatch.setattr(reporter.time, "time", lambda: 1.8e9)  # the stamp is not looked at
        monkeypatch.setattr(readings, "temperature_celsius", lambda: self.celsius)
        monkeypatch.setattr(readings, "throttled", lambda: self.celsius > 52)
        monkeypatch.setattr(readings, "memory_mb", lambda: 100.0 + self.people.present)
        self.loop = SimpleNamespace(paused=False, processed=0, captured=0, restarts=0, skipped=0,
                                    gated=0, looks_per_s=15.0, view=ViewHealth())  # fmt: skip
        self.people = SimpleNamespace(present=0, attending=0)
        self.meter = Meter(lambda: self.meter_s)
        record, self.outbox = PauseRecord(folder), Outbox(folder / "o.sqlite")
        orders = Orders(self.loop, lambda _: None, lambda: None, self.outbox, record)  # type: ignore[arg-type]
        disclosure = Disclosure(lambda: None, Privacy(k=k, **privacy), Starts(1, 0, 1))  # type: ignore[arg-type, return-value]
        self.vision = VisionSocket(folder)
        self.reporter = Reporter(self.vision, disclosure, self.meter, self.people, orders)  # type: ignore[arg-type]

    def second(self, present: int) -> None:
        """One second with so many in view: they cost time, skip frames and heat the device."""
        self.now_s += 1.0
        self.people.present = present
        self.loop.view = ViewHealth(faces_cut=bool(present), faces_too_small=bool(present))
        self.loop.captured += 10
        self.loop.processed += 10 - present
        self.loop.skipped += present
        self.loop.gated += 0 if present else 9
        self.celsius += 0.3 * present
        for stage, spent_s in (("detect", 0.01), ("estimate", 0.02 * present), ("rest", 0.001)):
            with self.meter.stage(stage):
                self.meter_s += spent_s
        self.meter.frames += 10 - present

    def health(self) -> bytes:
        """All that is told, but for its stamp and the uptime."""
        told = msgspec.to_builtins(self.reporter._health(self.now_s))
        return msgspec.json.encode(told | {"time": "", "uptime_s": 0})

    def watched(self, seconds: range, visitor: range) -> list[bytes]:
        """The health records of a stretch in which somebody is there for a while."""
        found = []
        for second in seconds:
            self.second(present=int(second in visitor))
            if second % 5 == 0:
                found.append(self.health())
        return found


NOBODY, SOMEBODY = range(0), range(20, 40)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(name: str, k: int, **privacy) -> Room:
        (tmp_path / name).mkdir()
        return Room(tmp_path / name, monkeypatch, k, **privacy)

    return make


@pytest.mark.parametrize(("k", "privacy"), [(5, {}), (1, {"epsilon": 1.0}), (5, {"epsilon": 1.0})])
def test_within_a_window_a_visit_changes_nothing(room, k, privacy):
    """Times, rates, temperature, memory, frames, where faces lie: byte for byte the same."""
    empty, visited = room("empty", k, **privacy), room("visited", k, **privacy)
    assert empty.watched(range(60), NOBODY) == visited.watched(range(60), SOMEBODY)


def test_at_k_1_it_would(room):
    """So that the test above can fail: a home sees what its device does."""
    empty, visited = room("empty", 1), room("visited", 1)
    assert empty.watched(range(60), NOBODY) != visited.watched(range(60), SOMEBODY)


def test_before_the_first_window_ends_nothing_of_the_load_is_told(room):
    """It would be the load of the time since the start."""
    told = msgspec.json.decode(room("new", 5).health())
    assert {told[key] for key in NOT_TOLD} == {None}
    assert told["camera_ok"] is True


@pytest.mark.parametrize(("people", "told"), [(0, False), (4, False), (5, True)])
def test_stage_times_are_told_of_a_window_with_enough_people(room, people: int, told: bool):
    """As a mean over all of it; what the device is like is told of any window."""
    k5 = room("k5", 5)
    k5.watched(range(60), SOMEBODY)
    k5.reporter.window_told(window(0.0, 60.0, people))
    k5.watched(range(60, 75), range(60, 75))
    found = msgspec.json.decode(k5.health())
    assert (found["stage_estimate_ms"] is not None) is told
    assert found["frames_gated"] is None
    assert (found["fps_processed"], found["frames_skipped"]) == (pytest.approx(9.67, abs=0.01), 20)
    assert found["temperature_celsius"] == pytest.approx(53.0, abs=2.0)
    assert found["throttled"] is True, "at some time of the window"


def test_during_a_pause_nothing_of_the_load_is_told_and_afterwards_it_is_as_without(room):
    """What was measured until then is of the moments before it; a pause is no part of a window."""
    k5 = room("k5", 5)
    k5.watched(range(60), NOBODY)
    k5.reporter.window_told(window(0.0, 60.0, 0))
    k5.watched(range(30), SOMEBODY)
    k5.loop.paused = True
    for _ in range(600):
        k5.now_s += 1.0
        told = msgspec.json.decode(k5.health())
        assert {told[key] for key in NOT_TOLD} == {None}
    k5.reporter.window_told(window(0.0, 630.0, shut_s=600.0, emptied=True))
    k5.loop.paused = False
    k5.watched(range(30), NOBODY)
    k5.reporter.window_told(window(0.0, 30.0, 1))
    assert msgspec.json.decode(k5.health())["fps_camera"] == pytest.approx(10.0)


@pytest.mark.parametrize("k", [1, 5])
def test_beside_noise_nothing_that_follows_people_is_told_of_a_window_either(room, k: int):
    """However many were counted: the network's work in it is as exact as their number."""
    noisy = room("noisy", k, epsilon=1.0)
    noisy.watched(range(60), SOMEBODY)
    noisy.reporter.window_told(window(0.0, 60.0, 50))
    found = msgspec.json.decode(noisy.health())
    told = {name for name in NOT_TOLD if found[name] is not None}
    assert told == {
        "fps_camera", "fps_limit", "temperature_celsius", "throttled", "vision_memory_mb"
    }  # fmt: skip


def test_the_door_gets_no_record_when_somebody_few_comes(room, tmp_path: Path):
    """The time of a datagram would tell as well as what it says."""
    k5 = room("door", 5)
    with PublisherSocket(tmp_path / "door") as live:
        k5.reporter.tick = lambda: None
        sent = []
        for present in (0, 1, 0, 4, 0):
            k5.people.present = present
            k5.reporter._say_state(k5.now_s)
            sent.append(len([r for r in live.receive() if isinstance(r, StateNow)]))
    assert sent == [1, 0, 0, 0, 0]


def test_a_pause_is_told_where_there_is_no_live_state(room):
    """`health` says it, and why."""
    off = room("off", 5, state="off")
    off.loop.paused = True
    off.reporter._orders.pause.set(True)
    told = msgspec.json.decode(off.health())
    assert (told["paused"], told["pause_reason"]) == (True, "request")
