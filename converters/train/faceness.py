"""How well a network tells faces from what detectors take for one, and from when it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.train.calibrate import calibration_error
from converters.train.others import KEPT, Others, removed

WIDEST_PX = 641
SIZES_PX = ((13, 24), (24, 40), (40, WIDEST_PX))
"""Widths of a face's box in a picture 640 wide."""

Chances = NDArray[np.float64]


class Judged(NamedTuple):
    """Crops that were not learned from, the probability of a face that is said of each of them, and
    of labelled faces: by kind ("held out", "16 px wide" …) the same.
    """

    others: Others
    chance: Chances
    faces: Mapping[str, Chances]


def face_min(judged: Judged) -> float:
    """The probability that KEPT of the faces reach, of whichever kind reaches least."""
    kinds = [*judged.faces.values(), judged.chance[judged.others.face]]
    return float(min(np.quantile(chance, 1 - KEPT) for chance in kinds))


def figures(judged: Judged, least: float) -> dict[str, Any]:
    """What the rule keeps and drops, crop by crop; a visit has several crops, and one is enough."""
    others, chance = judged.others, judged.chance
    kept, dropped = chance >= least, chance < least
    sizes = {_size(low, high): _between(others, low, high) for low, high in SIZES_PX}
    sources = {name: others.source == name for name in sorted(set(others.source.tolist()))}
    kinds = {"all": np.ones(len(chance), np.bool_)} | sizes | sources
    return {
        "kept": {name: float((said >= least).mean()) for name, said in judged.faces.items()}
        | _shares(kept, others.face, kinds),
        "dropped": _shares(dropped, ~others.face, kinds),
        "dropped_at_99_percent_kept": removed(chance[others.face], chance[~others.face]),
        "error_expected": calibration_error(chance, others.face),
    }


def _size(low: int, high: int) -> str:
    return f"{low}–{high} px" if high < WIDEST_PX else f"{low}+ px"


def _shares(
    right: NDArray[np.bool_], among: NDArray[np.bool_], kinds: Mapping[str, NDArray[np.bool_]]
) -> dict[str, dict[str, float | int]]:
    """Kind → how many crops there are and which share of them is right; none of those without."""
    found: dict[str, dict[str, float | int]] = {}
    for name, mask in kinds.items():
        crops = right[mask & among]
        if len(crops):
            found[name] = {"crops": len(crops), "share": float(crops.mean())}
    return found


def _between(others: Others, low: int, high: int) -> NDArray[np.bool_]:
    return np.asarray((others.width_px >= low) & (others.width_px < high))
