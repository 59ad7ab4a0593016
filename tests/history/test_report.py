"""The report: sums of what was told, and nothing of what is not known hidden."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from edge.config.told import Privacy
from edge.messages.bands import AGE_BANDS, GENDERS, UNKNOWN
from edge.messages.checking import sendable
from edge.messages.counts import CountsHead, lost_window
from edge.messages.fields import timestamp
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox
from edge.privacy.anonymise import Anonymiser, Form
from edge.report.as_csv import as_csv
from edge.report.as_html import as_html
from edge.report.as_json import as_json
from edge.report.as_text import as_text
from edge.report.columns import percent
from edge.runtime.frame import Window
from tests.history.support import (
    BERLIN,
    DAY_S,
    NUMBERING,
    PLACES,
    config,
    day_of,
    kept,
    untold,
    window,
)


def told_windows(number: int, k: int, seed: int) -> list[CountsHead]:
    """What a device under k tells of raw windows, as a consumer of MQTT gets it."""
    random = Random(seed)
    anonymiser = Anonymiser(Privacy(k=k), {}, Form("agender_64", PLACES, "fine", BERLIN))
    found = []
    for minute in range(number):
        cells = Counter(
            (random.choice(GENDERS), random.choice((*AGE_BANDS, UNKNOWN)))
            for _ in range(random.randrange(4 * k))
        )
        places = {name: random.randrange(sum(cells.values()) + 1) for name in PLACES}
        start_s = DAY_S + 60 * minute
        raw = Window(
            start_s=start_s, end_s=start_s + 60, clock_synced=True, window_s=60.0, observed_s=60.0,
            cells=cells, places=places, passers=random.randrange(2 * k), not_faces=1,
        )  # fmt: skip
        told = replace(anonymiser.counts(raw), seq=minute + 1, numbering=NUMBERING)
        assert sendable(told, PLACES, NUMBERING).refusal == ""
        found.append(told)
    return found


def as_sent(windows: list[CountsHead]) -> list[dict[str, Any]]:
    return [json.loads(sendable(each, PLACES, NUMBERING).payload) for each in windows]


@pytest.mark.parametrize("k", [1, 5, 10])
def test_a_report_tells_nothing_that_the_messages_do_not(tmp_path: Path, k: int) -> None:
    """An attacker with both has sums of the messages, to the last key; nothing is finer."""
    windows = told_windows(180, k, seed=k)
    kept(tmp_path, windows)
    report = json.loads(as_json(day_of(tmp_path)))
    messages = as_sent(windows)
    counted = {key for key in messages[0] if re.match("people$|passers|not_faces|female|male|"
               "gender_|age_|zone_|line_", key)}  # fmt: skip
    for hour, row in enumerate(report["rows"][:3]):
        sent = messages[60 * hour : 60 * (hour + 1)]
        for key in row.keys() & counted:
            assert row[key] == sum(message[key] or 0 for message in sent), key
        untold_people = sum(m["people"] for m in sent if m["female"] is None)
        assert row["untold_people"] == untold_people
    beside = {"start", "windows", "untold_windows", "untold_people", "unsynchronised", "noisy",
              "lost", "observed_s", "open_s", "looked_open_s"}  # fmt: skip
    assert set(report["rows"][0]) <= counted | beside
    assert report["total"]["people"] == sum(message["people"] for message in messages)


@pytest.mark.parametrize("seed", range(20))
def test_an_hour_of_one_window_is_that_window_as_it_was_told(tmp_path: Path, seed: int) -> None:
    """No second look at the same few people, by another toss or without one."""
    (told,) = told_windows(1, 5, seed)
    kept(tmp_path, [told])
    row = json.loads(as_json(day_of(tmp_path)))["rows"][0]
    (sent,) = as_sent([told])
    for key, value in row.items():
        if key in sent and key != "start":
            assert value == (sent[key] or 0) or (value is None and sent[key] is None), key


def test_a_broker_that_is_away_changes_no_report(tmp_path: Path) -> None:
    """The same windows, waiting or delivered, give the same numbers."""
    windows = told_windows(100, 5, seed=3)
    away, there = tmp_path / "away", tmp_path / "there"
    keys = config(tmp_path).space.keys
    with Outbox(away / OUTBOX_NAME) as outbox:
        for each in windows:
            outbox.append(each)
        stored = [sendable(each, keys, "").counts for each in outbox.peek(999)]
    there.mkdir()
    kept(there, stored)
    waiting, delivered = day_of(away), day_of(there)
    assert as_csv(waiting) == as_csv(delivered)
    assert waiting.total == delivered.total
    assert "100 windows in these numbers still wait" in as_text(waiting, "")
    assert "wait" not in as_text(delivered, "")


def test_what_is_not_known_is_told(tmp_path: Path) -> None:
    """Unknown, withheld, lost, missing, and of a clock that was not set."""
    windows = [
        window(DAY_S, 1, 10, female=6, gender_unknown=4, female_25_34=6, observed_s=30.0),
        untold(window(DAY_S + 60, 2, 10, folding="rounding:20", places=dict.fromkeys(PLACES))),
        lost_window(3, NUMBERING, "b", timestamp(DAY_S + 120), timestamp(DAY_S + 180)),
        window(DAY_S + 180, 5, 0, clock_synced=False),
    ]
    kept(tmp_path, windows)
    report = day_of(tmp_path)
    shares = {name: percent(share) for name, share in report.total.shares.items()}
    assert shares == {"gender_unknown": "40 %", "age_unknown": "0 %", "withheld": "50 %",
                      "zones_withheld": "50 %", "lines_withheld": "50 %", "lost": "40 %",
                      "unsynchronised": "25 %"}  # fmt: skip
    for told in (as_text(report, ""), as_html(report, "")):
        for share in (
            "40 % of the people",
            "50 % of all people",
            "40 % of the windows are lost",
            "25 % of the windows have stamps",
            "the camera looked 0.2 % of the time",
        ):
            assert share.lower() in told.lower()
    assert json.loads(as_json(report))["total"]["withheld_share"] == 0.5


def test_estimates_are_made_once_and_only_where_they_fit(tmp_path: Path) -> None:
    """Of one network, whose card is here; a reason is told where there are none."""
    kept(tmp_path, [window(DAY_S + 60 * i, i + 1, 20) for i in range(30)])
    report = day_of(tmp_path)
    ages = [report.estimates[f"est_age_{band}"] for band in AGE_BANDS]
    assert sum(ages) == pytest.approx(600, abs=0.1)
    assert report.estimates["est_female_low"] <= report.estimates["est_female"]
    assert "corrected for the network's errors: women" in as_text(report, "")
    kept(tmp_path, [window(DAY_S + 3600, 31, 5, model="other_64")])
    mixed = day_of(tmp_path)
    assert mixed.estimates == {}
    assert "counted by other_64, while agender_64 is configured" in as_text(mixed, "")
