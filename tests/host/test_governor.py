"""The rate of detection under heat and load."""

from __future__ import annotations

import logging

import pytest

from edge.config.people import Governor as Settings
from edge.host.governor import CHECK_S, RECOVER_S, SETTLE_S, STEPS, Governor, Machine, Reading

COOL = Reading(50.0, False, 0.3)


class Room:
    """A machine whose state the test sets, and time."""

    def __init__(self, **settings: float) -> None:
        self.now_s = 0.0
        self.reading = COOL
        self.governor = Governor(
            Settings(**settings), 10.0, lambda: self.reading, lambda: self.now_s
        )

    def live(self, duration_s: float, reading: Reading | None = None) -> list[float]:
        """The rates allowed during some time, ten times a second."""
        self.reading = reading or self.reading
        rates = []
        for _ in range(int(duration_s * 10)):
            self.now_s += 0.1
            rates.append(self.governor.tick())
        return rates


def test_a_cool_machine_is_left_alone():
    """Nothing happens where nothing is wrong, nor where the machine tells nothing."""
    room = Room()
    assert set(room.live(600)) == {10.0}
    assert set(room.live(600, Reading(None, None, 3.9))) == {10.0}


@pytest.mark.parametrize(
    ("reading", "settings", "said"),
    [
        (Reading(80.0, False, 0.3), {}, "80 °C"),
        (Reading(60.0, True, 0.3), {}, "firmware slows"),
        (Reading(None, True, 0.3), {}, "firmware slows"),
        (Reading(50.0, False, 1.4), {"cores_max": 1.0}, "1.40 of 1 cores"),
    ],
    ids=["heat", "throttled", "throttled, no thermometer", "load"],
)
def test_too_much_lowers_the_rate_and_says_why(reading, settings, said, caplog):
    """Heat, the firmware's flags and the processor's budget each cost one step at a time."""
    room = Room(**settings)
    with caplog.at_level(logging.WARNING):
        room.live(CHECK_S + 0.2, reading)
    assert room.governor.fps == pytest.approx(10.0 * STEPS[1])
    assert said in caplog.text
    assert "7.5 times a second" in caplog.text


def test_steps_are_taken_one_by_one_down_to_the_floor():
    """Heat that stays is answered step by step, never below the least useful rate."""
    room = Room(detect_fps_min=4.0)
    rates = room.live(600, Reading(90.0, True, 0.3))
    assert sorted(set(rates), reverse=True) == [10.0, 7.5, 5.0, 4.0]
    first = rates.index(7.5), rates.index(5.0)
    assert (first[1] - first[0]) / 10 >= SETTLE_S - CHECK_S


def test_it_recovers_slowly_when_all_is_well():
    """One step up a minute, back to the configured rate."""
    room = Room()
    room.live(100, Reading(90.0, False, 0.3))
    lowest = room.governor.fps
    assert lowest < 5
    assert set(room.live(RECOVER_S - 2 * CHECK_S, COOL)) == {lowest}
    room.live(RECOVER_S * len(STEPS) + 60)
    assert room.governor.fps == 10.0


def test_it_does_not_swing_at_the_limit():
    """Just below the limit the rate stays where it is, neither lowered nor raised."""
    room = Room(temperature_max_celsius=75.0)
    room.live(CHECK_S + 0.2, Reading(76.0, False, 0.3))
    assert set(room.live(1000, Reading(73.0, False, 0.3))) == {7.5}


def test_it_does_not_raise_a_rate_that_the_budget_would_not_bear():
    """0.9 cores at 7.5 a second would be 1.2 at 10: with a budget of one it stays."""
    room = Room(cores_max=1.0)
    room.live(CHECK_S + 0.2, Reading(50.0, False, 1.2))
    assert set(room.live(1000, Reading(50.0, False, 0.9))) == {7.5}
    room.live(RECOVER_S + 2 * CHECK_S, Reading(50.0, False, 0.6))
    assert room.governor.fps == 10.0


def test_a_floor_above_the_rate_changes_nothing():
    """Somebody who asks for one detection a second gets it, hot or cold."""
    governor = Governor(Settings(detect_fps_min=5.0), 1.0, lambda: Reading(99, True, 4), lambda: 0)
    assert governor.tick() == 1.0


def test_this_machine_can_be_read():
    """The real reading: a share of the processor, and what else there is."""
    machine = Machine()
    sum(range(1_000_000))
    reading = machine()
    assert reading.cores > 0
    assert reading.temperature_celsius is None or -40 < reading.temperature_celsius < 150
