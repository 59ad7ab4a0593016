"""Totals: today's, ever's and the sum of the windows agree to the person, whatever happens."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import msgspec
import pytest

from edge.config.zone import ahead_in
from edge.messages.counts import CountsHead
from edge.messages.fields import timestamp
from edge.messages.totals import (
    SUMS,
    decode_totals,
    encode_totals,
    told_by,
    totals_schema,
)
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.totals import RunningTotals
from tests.publish.support import (
    counts,
)

BERLIN = ahead_in("Europe/Berlin")

UNTOLD = dict.fromkeys(
    [
        name
        for name in msgspec.structs.asdict(counts())
        if name.startswith(("age_", "female", "male"))
    ]
    + ["gender_unknown"]
)


def of(window: CountsHead, **changes: Any) -> CountsHead:
    return msgspec.structs.replace(window, **changes)


def at(start_s: float, people: int, *, told: bool = True, seq: int = 0) -> CountsHead:
    """A window of an hour in which so many women of one age came, or so many untold people."""
    stamps = {"start": timestamp(start_s), "end": timestamp(start_s + 3600), "window_s": 3600.0}
    nothing = UNTOLD if not told else {}
    cells = {"female": people, "age_25_34": people, "female_25_34": people} if told else {}
    zeros = {"male": 0, "gender_unknown": 0, "age_unknown": 0, "male_25_34": 0} if told else {}
    return counts(seq=seq, people=people, **(stamps | nothing | zeros | cells))


@pytest.mark.parametrize(("month", "day"), [(3, 25), (10, 21)])
def test_a_week_with_a_change_of_clocks_and_outages_agrees(
    tmp_path: Path, month: int, day: int
) -> None:
    """Each window is in the sums once, today's begin at midnight, and restarts change nothing."""
    random = Random(month)
    zone = ZoneInfo("Europe/Berlin")
    start_s = datetime(2026, month, day, tzinfo=zone).timestamp()
    sent: list[CountsHead] = []
    with Outbox(tmp_path / FILE_NAME) as outbox:
        for hour in range(7 * 24):
            window = at(start_s + 3600 * hour, random.randrange(9), told=random.random() < 0.7)
            outbox.append(window)
            if random.random() < 0.3:
                continue  # the broker is away
            with Outbox(tmp_path / FILE_NAME, owner=False) as reader:  # and each time a new start
                sums = RunningTotals(reader, BERLIN)
                sums.begin(start_s)
                while waiting := reader.peek(random.randrange(1, 5)):
                    assert sums.remove(waiting)
                    sent += waiting
                record = sums.record(start_s)
            assert record is not None
            days = [datetime.fromisoformat(w.start).astimezone(zone).date() for w in sent]
            today = [w for w, when in zip(sent, days, strict=True) if when == days[-1]]
            midnight = datetime.combine(days[-1], datetime.min.time(), zone)
            assert (record.day, record.seq) == (days[-1].isoformat(), sent[-1].seq)
            assert record.midnight == timestamp(midnight.timestamp())
            for span, windows in (("ever", sent), ("today", today)):
                wanted = sum((Counter(told_by(window)) for window in windows), Counter())
                for name in SUMS:
                    assert getattr(record, f"{span}_{name}") == wanted[name]
    assert sum(w.people for w in sent) == record.ever_people  # type: ignore[attr-defined]


def test_what_a_window_does_not_tell_adds_nothing() -> None:
    """Of fewer than k only the people count, and how many they were is told."""
    assert told_by(at(0, 3, told=False)) == {"people": 3, "people_untold": 3}
    assert told_by(at(0, 3)) == {"people": 3, "female": 3, "age_25_34": 3}
    assert told_by(of(at(0, 3), folding="noise:5")) == {}
    lines = {"line_a_in": 2, "line_a_out": None, "zone_b_people": 3}
    assert told_by(of(at(0, 3), places=lines))["line_a_in"] == 2


def test_a_clock_that_was_wrong_costs_today_at_most(tmp_path: Path) -> None:
    """Windows of a clock that was not set yet never begin an earlier day; ever counts all."""
    noon_s = datetime(2026, 5, 5, 12, tzinfo=ZoneInfo("UTC")).timestamp()
    with Outbox(tmp_path / FILE_NAME) as outbox:
        sums = RunningTotals(outbox, lambda _: 0.0)
        sums.begin(noon_s)
        days = []
        for seq, (days_off, synced) in enumerate([(0, True), (-9, False), (0, True), (99, False),
                                                  (0, True)], 1):  # fmt: skip
            window = of(at(noon_s + 86_400 * days_off, 2, seq=seq), clock_synced=synced)
            assert sums.remove([window])
            record = sums.record(noon_s)
            assert record is not None
            days.append((record.day[5:], record.today_people, record.ever_people))  # type: ignore[attr-defined]
    assert days == [
        ("05-05", 2, 2), ("05-05", 2, 4), ("05-05", 4, 6), ("08-12", 2, 8), ("05-05", 2, 10),
    ]  # fmt: skip


def test_sums_and_windows_change_together_or_not_at_all(tmp_path: Path) -> None:
    """Where the disk refuses, nothing is summed that would be summed again."""
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(at(0, 3))
        with Outbox(tmp_path / FILE_NAME, owner=False, busy_s=0.0) as reader:
            sums = RunningTotals(reader, BERLIN)
            with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                assert not sums.remove(reader.peek(9))
                other.execute("ROLLBACK")
            assert sums.remove(reader.peek(9))
            sums.begin(0.001)
            record = sums.record(0.0)
            assert record is not None
            assert record.ever_people == 3  # type: ignore[attr-defined]
            assert reader.depth() == 0


def test_lines_are_laid_flat_and_read_back(tmp_path: Path) -> None:
    """Two names that differ in a digit and a letter only are two lines."""
    lines = ("line_a1_in", "line_ah_in", f"line_{'9' * 32}_out")
    with Outbox(tmp_path / FILE_NAME) as outbox:
        sums = RunningTotals(outbox, BERLIN, lines)
        sums.begin(1.0)
        window = of(at(7200, 3, seq=1), places={lines[0]: 1, lines[1]: 2, lines[2]: 4})
        assert sums.remove([window])
        record = sums.record(0.0)
    assert record is not None
    payload = encode_totals(record)
    jsonschema.validate(msgspec.json.decode(payload), totals_schema())
    told = msgspec.json.decode(payload)
    assert [told[f"ever_{line}"] for line in lines] == [1, 2, 4]
    assert decode_totals(payload) == record
