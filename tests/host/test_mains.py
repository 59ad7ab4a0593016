"""Lamps flicker with the mains, whose frequency is the country's."""

from __future__ import annotations

import pytest

from edge.host import mains

TABLE = """# comment
DE\t+5230+01322\tEurope/Berlin\tmost of Germany
US\t+404251-0740023\tAmerica/New_York\tEastern
CL\t-3327-07040\tAmerica/Santiago
KR\t+3733+12658\tAsia/Seoul
JP\t+353916+1394441\tAsia/Tokyo
"""


@pytest.mark.parametrize(
    ("zone", "hertz"),
    [
        ("Europe/Berlin", 50),
        ("America/New_York", 60),
        ("America/Santiago", 50),
        ("Asia/Seoul", 60),
        ("Asia/Tokyo", None),  # the east has 50, the west 60
        ("Etc/UTC", None),
        ("", None),
    ],
)
def test_the_frequency_follows_from_the_time_zone(tmp_path, monkeypatch, zone, hertz):
    """Where it does not, nothing is set."""
    table = tmp_path / "zone.tab"
    table.write_text(TABLE)
    monkeypatch.setattr(mains, "ZONES", table)
    monkeypatch.setattr(mains, "LOCALTIME", tmp_path / "nothing")
    monkeypatch.setenv("TZ", zone)
    assert mains.mains_hz() == hertz


def test_the_zone_is_the_one_the_system_is_set_to(tmp_path, monkeypatch):
    """/etc/localtime is a link to it."""
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Vienna")
    monkeypatch.setattr(mains, "LOCALTIME", link)
    monkeypatch.delenv("TZ", raising=False)
    assert mains.time_zone() == "Europe/Vienna"


def test_without_the_table_nothing_is_known(tmp_path, monkeypatch):
    """A system without tzdata."""
    monkeypatch.setattr(mains, "ZONES", tmp_path / "none")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert mains.mains_hz() is None
