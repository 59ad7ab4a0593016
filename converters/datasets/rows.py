"""The values that flow from a published set's labels to ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from converters.labels import AGE_MOST_YEARS, BAND_STARTS, BANDS, band_of
from edge.runtime.networks.card_licence import Says


@dataclass(frozen=True, slots=True)
class Age:
    """An age in years, or one of BANDS where only that is known; `deviation_years` of guesses."""

    years: float | None = None
    band: str = ""
    deviation_years: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled picture: `file` is its name in the set, `image` its name under images/."""

    file: str
    image: str
    female: bool
    age: Age
    group: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A label that cannot be used, and why: a reason that many may share."""

    file: str
    reason: str


Labels = Iterator[Row | Dropped]


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may use a set, for what, and whom to name."""

    name: str
    licence: str
    commercial_use: bool
    attribution: str
    address: str

    @property
    def commercial(self) -> Says:
        """What the terms say of commercial use; of pictures without an address nobody knows."""
        if self.commercial_use:
            return "allowed"
        return "forbidden" if self.address else "not stated"

    def note(self) -> str:
        """The licence as a user has to know it."""
        use = "commercial use is allowed" if self.commercial_use else "no commercial use"
        return f"{self.name}: {self.licence}; {use}. Name as source: {self.attribution}"

    def about(self) -> str:
        """The same as a part of a training file (TOML), from which a card takes it."""
        said = {
            "training_data": f"{self.name}, {self.licence}",
            "attribution": self.attribution,
            "training_data_terms": f"{self.name}: {self.licence}.",
            "training_data_commercial": self.commercial,
        }
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()]
        use = f"commercial_use = {str(self.commercial_use).lower()}"
        return "\n".join(["[about]", *lines, use]) + "\n"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user chose; each set reads what concerns it."""

    splits: tuple[str, ...] = ()
    real_age: bool = False
    frontal: bool = False
    sixty_plus: str = ""
    pattern: str = ""


def age_in_range(text: str, least: float = 0.0, most: float = AGE_MOST_YEARS) -> float | None:
    """A number of years within the range; None for anything else."""
    try:
        years = float(text)
    except ValueError:
        return None
    return years if least <= years <= most else None


def band_holding(first: int, last: int) -> str:
    """The band with the larger part of the years first..last, both included; '' in a draw."""
    shares = [0] * len(BANDS)
    for year in range(first, last + 1):
        shares[band_of(year)] += 1
    best = max(shares)
    return BANDS[shares.index(best)] if shares.count(best) == 1 else ""


def open_ended(first: int, last: int) -> bool:
    """Whether a label means 'this old or older' and begins below our own open band."""
    return last >= 99 and first < BAND_STARTS[-1]
