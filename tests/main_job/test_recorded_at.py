"""`--recorded-at`: windows of a recording are stamped with when it was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from edge.config.zone import ahead_in, moment_s
from tests.main_job.program import run, windows_of

ENDS = ("--sink", "stdout", "--until-end", "--window-s", 5)
BERLIN = ahead_in("Europe/Berlin")


@pytest.mark.parametrize(
    ("given", "zone", "start", "offset"),
    [
        ("2026-05-01T10:00", "Europe/Berlin", "2026-05-01T08:00:00.000Z", "+02:00"),
        ("2026-05-01T10:00+05:30", "Europe/Berlin", "2026-05-01T04:30:00.000Z", "+02:00"),
        ("2025-10-26T02:59:55+02:00", "Europe/Berlin", "2025-10-26T00:59:55.000Z", "+02:00"),
    ],
    ids=["local", "with an offset", "five seconds before clocks are put back"],
)
def test_windows_begin_when_the_recording_did(demo_clip, given, zone, start, offset):
    """The first at that very second, the next where the one before ended; the clock is believed."""
    done = run("run", "--source", demo_clip, *ENDS, "--recorded-at", given,
               "--set", f"window.timezone={zone}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    windows = windows_of(done.stdout)
    assert len(windows) > 2
    assert windows[0]["start"] == start
    assert windows[0]["timezone"] in (offset, "+01:00")
    assert all(one["clock_synced"] for one in windows)
    for one, after in pairwise(windows):
        assert after["start"] == one["end"]
    if given.startswith("2025-10-26"):
        assert windows[1]["timezone"] == "+01:00"


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-05-01T10:00", "2026-05-01T08:00+00:00"),
        ("2026-05-01 10:00:30", "2026-05-01T08:00:30+00:00"),
        ("2026-05-01T10:00Z", "2026-05-01T10:00+00:00"),
        ("2026-01-01T00:00", "2025-12-31T23:00+00:00"),
        ("2025-10-26T02:30+02:00", "2025-10-26T00:30+00:00"),
        ("2025-10-26T02:30+01:00", "2025-10-26T01:30+00:00"),
        ("2025-10-26T01:59", "2025-10-25T23:59+00:00"),
        ("2025-10-26T03:00", "2025-10-26T02:00+00:00"),
        ("2026-03-29T01:59", "2026-03-29T00:59+00:00"),
        ("2026-03-29T03:00", "2026-03-29T01:00+00:00"),
    ],
)
def test_a_time_without_an_offset_is_local(given, moment):
    """In summer, in winter, and just before and after clocks are changed."""
    found = datetime.fromtimestamp(moment_s(given, BERLIN), UTC)
    assert found - datetime.fromisoformat(moment) == timedelta(0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("2026-03-29T02:30", "does not exist here: clocks were put forward over it"),
        ("2025-10-26T02:30", "was there twice, since clocks were put back: add +02:00 or +01:00"),
        ("2099-01-01T10:00", "2099-01-01T10:00 is not between 1970 and now"),
        ("1912-04-14T23:40", "is not between 1970 and now"),
        ("2026-05-01", "source: 2026-05-01 is no date and time such as 2026-05-01T10:00"),
        ("2026-13-01T10:00", "is no date and time such as"),
        ("yesterday", "is no date and time such as"),
        ("0001-01-01T00:00+14:00", "is not between 1970 and now"),
        ("٢٠٢٦-05-01T10:00", "is no date and time such as"),
        ("", "--recorded-at is empty: name when the recording began"),
    ],
)
def test_a_time_that_cannot_be_is_told_in_a_sentence(demo_clip, given, sentence):
    """With status 2, before anything is counted, and without a traceback."""
    done = run("run", "--source", demo_clip, *ENDS, "--recorded-at", given,
               "--set", "window.timezone=Europe/Berlin")  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_camera_has_no_such_time():
    """Its windows are stamped by the clock."""
    done = run(
        "run", "--source", "rtsp://127.0.0.1:1/x", *ENDS, "--recorded-at", "2026-05-01T10:00"
    )
    assert done.returncode == 2
    assert "source.recorded_at is for recordings, and source.uri is a camera" in done.stderr
