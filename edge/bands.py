"""The published age bands and the cells of a window, named once for every room."""

from __future__ import annotations

AGE_BANDS: dict[str, tuple[int, int | None]] = {
    "0_12": (0, 12),
    "13_17": (13, 17),
    "18_24": (18, 24),
    "25_34": (25, 34),
    "35_44": (35, 44),
    "45_54": (45, 54),
    "55_64": (55, 64),
    "65_plus": (65, None),
}
"""Name → first and last year of age, inclusive; None = open end."""

AGES = (*AGE_BANDS, "unknown")
GENDERS = ("female", "male", "unknown")


def band_of(age_years: float | None) -> str:
    """The band an estimated age falls into: 17.9 years is still 17, as birthdays have it."""
    if age_years is None:
        return "unknown"
    for name, (_, last) in AGE_BANDS.items():
        if last is None or age_years < last + 1:
            return name
    raise AssertionError("the last band has no end")
