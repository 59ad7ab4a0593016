"""The published age bands and the cells of a window, named once for every room."""

from __future__ import annotations

from collections.abc import Mapping

Bands = Mapping[str, tuple[int, int | None]]
"""Name → first and last year of age, inclusive; None = open end."""

AGE_BANDS: Bands = {
    "0_12": (0, 12),
    "13_17": (13, 17),
    "18_24": (18, 24),
    "25_34": (25, 34),
    "35_44": (35, 44),
    "45_54": (45, 54),
    "55_64": (55, 64),
    "65_plus": (65, None),
}
COARSE_BANDS: Bands = {
    "child": (0, 12),
    "young": (13, 24),
    "adult": (25, 59),
    "senior": (60, None),
}
SCHEMES: Mapping[str, Bands] = {"fine": AGE_BANDS, "coarse": COARSE_BANDS}
"""`window.bands` → the bands that people are counted in; a window is told in one of them."""

UNKNOWN = "unknown"
AGES = (*AGE_BANDS, UNKNOWN)
GENDERS = ("female", "male", UNKNOWN)
TOLD_GENDERS = ("female", "male")
"""The genders that have cells of their own; what is left of a band is of unknown gender."""

_ORDER = {name: place for bands in SCHEMES.values() for place, name in enumerate(bands)}


def ages_of(scheme: str) -> tuple[str, ...]:
    """The bands of a scheme that a window is told in, and "unknown"."""
    return (*SCHEMES[scheme], UNKNOWN)


def band_of(age_years: float | None, bands: Bands = AGE_BANDS) -> str:
    """The band an estimated age falls into: 17.9 years is still 17, as birthdays have it."""
    if age_years is None:
        return UNKNOWN
    for name, (_, last) in bands.items():
        if last is None or age_years < last + 1:
            return name
    raise AssertionError("the last band has no end")


def bands_apart(one: str, other: str) -> int:
    """How many bands lie between two of one scheme, 0 for the same; "unknown" is far from all."""
    if one == other:
        return 0
    return len(_ORDER) if UNKNOWN in (one, other) else abs(_ORDER[one] - _ORDER[other])


def cell_key(gender: str, age: str) -> str:
    """A cell's key in the messages: `female_25_34`, `male_age_unknown`."""
    return f"{gender}_age_unknown" if age == UNKNOWN else f"{gender}_{age}"
