"""The frequency of the mains where this machine stands, by which lamps flicker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias

ZONES = Path("/usr/share/zoneinfo/zone.tab")
"""From tzdata: country, coordinates and zone, separated by tabs."""
LOCALTIME = Path("/etc/localtime")

Hertz: TypeAlias = Literal[50, 60]

SIXTY = frozenset((
    "AG", "AS", "AW", "BM", "BR", "BS", "BZ", "CA", "CO", "CR", "CU", "DO", "EC", "FM", "GT", "GU",
    "GY", "HN", "HT", "KN", "KR", "KY", "MH", "MP", "MS", "MX", "NI", "PA", "PE", "PH", "PR", "PW",
    "SA", "SR", "SV", "SX", "TC", "TT", "TW", "US", "VE", "VG", "VI",
))  # fmt: skip
"""Countries of 60 Hz by ISO 3166-1, from IEC's list of world plugs; nearly all others have 50."""

MIXED = frozenset(("JP", "LR"))
"""Countries of both."""


def mains_hz() -> Hertz | None:
    """50 or 60, by the time zone's country; None where that does not tell."""
    country = country_of(time_zone())
    if country is None or country in MIXED:
        return None
    return 60 if country in SIXTY else 50


def time_zone() -> str:
    """The zone's name, Europe/Berlin; empty where it has none."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return named
    try:
        return str(LOCALTIME.resolve()).partition("/zoneinfo/")[2]
    except OSError:
        return ""


def country_of(zone: str) -> str | None:
    """Two letters; None for UTC and the like, and where the table is not there."""
    try:
        rows = ZONES.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    columns = (row.split("\t") for row in rows if not row.startswith("#"))
    return next((row[0] for row in columns if len(row) > 2 and row[2] == zone), None)
