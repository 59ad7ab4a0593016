"""Names of what a report tells, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edge.messages.bands import TOLD_GENDERS, UNKNOWN, cell_key
from edge.report.figures import Beside, Figures, Report

GENDERS = (*TOLD_GENDERS, "gender_unknown")
BESIDE = ("passers", "not_faces")
WINDOWS = ("windows", "untold_windows", "unsynchronised", "noisy")

SHARES = {
    "gender_unknown": "of the people told of, the gender is unknown",
    "age_unknown": "of the people told of, the age is unknown",
    "withheld": "of all people came in windows that tell only how many they were",
    "zones_withheld": "of all people came in windows that do not tell of zones",
    "lines_withheld": "of all people came in windows that do not tell of lines",
    "lost": "of the windows are lost",
    "unsynchronised": "of the windows have stamps of a clock that was not synchronised",
}
"""Share → what it is of, after a percentage."""

NOTHING = "–"
LABELS = {"female": "women", "male": "men", "gender_unknown": "unknown"}


def band_name(band: str) -> str:
    """65_plus → 65+, 25_34 → 25–34, child."""
    return band.replace("_plus", "+").replace("_", "–")


def place_name(key: str) -> str:
    """zone_shop_people → zone shop; line_door_in → line door, in."""
    kind, _, rest = key.partition("_")
    name, _, what = rest.rpartition("_")
    return f"{kind} {name}" + (f", {what}" if kind == "line" else "")


PEOPLE = ("people", *GENDERS, "untold_people")
PEOPLE_HEAD = ("people", *(LABELS[key] for key in GENDERS), "untold")
"""What a row of an hour or a day tells of people, and the names above."""


def people_cells(figures: Figures) -> list[str]:
    """The cells of `PEOPLE`; an en dash throughout where nothing is known."""
    return [str(figures.sums[name]) if figures.known else NOTHING for name in PEOPLE]


def age_cells(report: Report, band: str) -> list[str]:
    """A band, its people and their share, women and men of it, and its corrected number."""
    sums = report.total.sums
    people = sums[f"age_{band}"]
    cells = [str(sums[cell_key(gender, band)]) for gender in TOLD_GENDERS]
    return [band_name(band), str(people), percent(people / report.total.told_people), *cells,
            estimate(report.estimates, f"est_age_{band}")]  # fmt: skip


def people_columns(report: Report) -> list[str]:
    """The keys of people in the order of the message: totals, bands, cells, beside."""
    bands = (*report.bands, UNKNOWN)
    cells = (cell_key(gender, band) for gender in TOLD_GENDERS for band in bands)
    ages = (f"age_{band}" for band in bands)
    places = report.total.places
    return ["people", *GENDERS, "untold_people", *ages, *cells, *BESIDE, *places]


def values(figures: Figures, names: Iterable[str]) -> dict[str, int | float | None]:
    """The figures by name; None throughout where there is no window, for nothing is known then."""
    sums, looked = figures.sums, figures.looked
    found: dict[str, int | float | None] = {
        name: sums[name] if figures.known else None for name in (*names, *WINDOWS)
    }
    if sums["passers_untold_windows"] == sums["windows"] - sums["lost"]:
        found["passers"] = None  # not counted here, or never enough to be told
    found["windows"] = sums["windows"]
    found["lost"] = figures.not_had
    found["observed_s"] = round(sums["observed_ms"] / 1000, 3)
    found["open_s"] = round(looked.open_s)
    found["looked_open_s"] = None if looked.looked_s is None else round(looked.looked_s)
    return found


def percent(share: float | None) -> str:
    """0.0423 → "4.2 %"; an en dash where there is none."""
    return NOTHING if share is None else f"{percentage(share)} %"


def percentage(share: float) -> str:
    """0.0423 → "4.2". What is not quite nothing or everything is not told as that."""
    if share in (0, 1):
        return f"{100 * share:.0f}"
    if share < 0.001:
        return "< 0.1"
    if share > 0.999:
        return "> 99.9"
    return f"{100 * share:.0f}" if 0.1 <= share < 0.99 else f"{100 * share:.1f}"


def estimate(found: Mapping[str, float], key: str) -> str:
    """A corrected number with its 95 % interval, as "190 (171 … 204)"; an en dash without one."""
    if key not in found:
        return NOTHING
    return f"{found[key]:.0f} ({found[f'{key}_low']:.0f} … {found[f'{key}_high']:.0f})"


def change(beside: Beside) -> str:
    """How the people compare with an earlier period's, as "+8 %"."""
    now, then = beside.ours, beside.figures
    if not then.known:
        return "nothing is kept of it"
    if now is None or not now.known or not then.sums["people"]:
        return NOTHING
    return f"{100 * (now.sums['people'] / then.sums['people'] - 1):+.0f} %"


def beside_name(beside: Beside) -> str:
    """Which earlier period, and until when: "a week before (2026-03-03, until 09:00)"."""
    until = f", until {beside.until}" if beside.until else ""
    return f"{beside.name} ({beside.period.name}{until})"


def looked_sentence(figures: Figures, opening_hours: str) -> str:
    """How much of the opening hours the camera looked."""
    when = f"opening hours ({opening_hours})" if opening_hours else "the time"
    if figures.looked.looked_s is None:
        return f"how much of {when} the camera looked is not known: hours are kept for 400 days"
    share = figures.looked.share
    return (
        "the place was not open"
        if share is None
        else f"the camera looked {percent(share)} of {when}"
    )
