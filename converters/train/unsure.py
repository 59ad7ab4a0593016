"""From which width of its age distribution on a network's age is not to be believed.

Out of focus or moved, a face loses its wrinkles before its outline, and a network that answers all
the same reads youth. The rule is chosen by its risk and its coverage (El-Yaniv 2010): on faces
that were held out, plain and worn, how many are answered, and how many adults among those are
told as children.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.labels import ADULT_BAND, BAND_MIDDLES

CHILD_YEARS = 18.0
CHILDREN_MAX = 0.03
"""Of the adults that are told an age, told under CHILD_YEARS when out of focus."""
PLAIN_ANSWERED_MIN = 0.97
"""Of the plain faces, at least: what costs more is worse than a few wrong children."""
WORN_PX, WORN_BLUR_PX = 24, 2.0
"""Out of focus: a face so wide, blurred by a Gaussian of this deviation, in its own pixels."""
CANDIDATES = tuple(float(years) for years in np.arange(5, 25.5, 0.5))
"""Widths that are tried, years (standard deviation)."""


class Ages(NamedTuple):
    """What is said of N faces: years, the distributions' deviations in years."""

    years: NDArray[np.float64]
    deviation: NDArray[np.float64]


def risk_and_coverage(
    plain_ages: Ages, worn_ages: Ages, band: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """For each of the CANDIDATES: what is answered of plain and of worn faces, and how well.

    A share is None where nobody is answered.
    """
    kinds = {"plain": plain_ages, "out_of_focus": worn_ages}
    rows = []
    for most in CANDIDATES:
        row: dict[str, Any] = {"deviation_max_years": most}
        for kind, ages in kinds.items():
            row |= {f"{kind}_{name}": value for name, value in _row(ages, band, most).items()}
        rows.append(row)
    return rows


def _row(ages: Ages, band: NDArray[np.int64], most: float) -> dict[str, float | None]:
    told = ages.deviation <= most
    adults = told & (band >= ADULT_BAND)
    error = np.abs(ages.years - np.array(BAND_MIDDLES)[band])
    return {
        "answered": float(told.mean()),
        "error_years": _mean(error[told]),
        "adults_under_18": _mean((ages.years < CHILD_YEARS)[adults]),
    }


def _mean(values: NDArray[Any]) -> float | None:
    return float(values.mean()) if len(values) else None


def deviation_max_years(rows: Sequence[dict[str, Any]]) -> float | None:
    """The widest that keeps the risk while plain faces go on being answered.

    None where it is kept without any rule, and where no width keeps it: a rule that silences
    without making the rest truer is none.
    """
    allowed = [row for row in rows if row["plain_answered"] >= PLAIN_ANSWERED_MIN]
    kept = [row for row in allowed if (row["out_of_focus_adults_under_18"] or 0) <= CHILDREN_MAX]
    if not kept or kept[-1] is rows[-1]:
        return None
    return float(kept[-1]["deviation_max_years"])
