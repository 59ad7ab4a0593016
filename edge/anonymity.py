"""Raw window → the `counts` message: folding first, then everything else from what was folded.

Only what this module returns may be stored or sent. The corrected estimates are computed from
the folded totals and the public card alone, so they cannot tell more than those do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge.bands import AGE_BANDS, AGES
from edge.config_people import Privacy
from edge.fold import UNKNOWN, Folded, fold
from edge.messages import Counts, CountsHead, timestamp
from edge.quantify import corrected
from edge.runtime.card import Confusion
from edge.runtime.frame import Window

ESTIMATED = {"gender": ("female", "male"), "age": tuple(AGE_BANDS)}
"""Attribute → the labels of its confusion matrix, and of its estimates."""


class Anonymiser:
    """Turns windows into messages under one set of rules."""

    def __init__(
        self,
        privacy: Privacy,
        confusion: Mapping[str, Confusion],
        *,
        model: str,
        places: Sequence[str] = (),
    ) -> None:
        """`confusion` is the estimators' cards', by attribute; `places` the keys to publish."""
        self._privacy = privacy
        self._confusion = dict(confusion)
        self._model = model
        self._places = tuple(places)

    def counts(self, window: Window, *, seq: int = 0, boot: str = "unset") -> CountsHead:
        """The message of a raw window; the outbox gives it its number."""
        folded = fold(window.cells, self._privacy.k)
        enough = folded.people >= max(self._privacy.k, 1)
        return Counts(
            seq=seq,
            boot=boot,
            start=timestamp(window.start_s),
            end=timestamp(window.end_s),
            window_s=round(window.window_s, 3),
            observed_s=round(window.observed_s, 3),
            frames_seen=window.frames_seen,
            frames_skipped=window.frames_skipped,
            clock_synced=window.clock_synced,
            people=folded.people,
            present_max=window.present_max,
            present_mean=round(window.present_mean, 3),
            dwell_s_mean=round(window.dwell_s / folded.people, 2) if enough else None,
            attention_s_mean=round(window.attention_s / folded.people, 2) if enough else None,
            suppressed=folded.suppressed,
            model=self._model,
            places=self._placed(window.places),
            **_totals(folded),
            **self._estimates(folded),
        )

    def _placed(self, places: Mapping[str, int]) -> dict[str, int | None]:
        """Zones and lines; null where there were some, but fewer than k."""
        counts = {key: places.get(key, 0) for key in self._places}
        return {
            key: None if 0 < count < self._privacy.k else count for key, count in counts.items()
        }

    def _estimates(self, folded: Folded) -> dict[str, Any]:
        """The `est_…` keys of every attribute that the card describes and nothing folded."""
        found: dict[str, Any] = {}
        totals = {"gender": folded.genders, "age": folded.ages}
        for attribute, labels in ESTIMATED.items():
            confusion = self._confusion.get(attribute)
            if confusion is None or folded.suppressed:
                continue
            order = [confusion.labels.index(label) for label in labels]
            matrix = [[confusion.counts[row][column] for column in order] for row in order]
            told = totals[attribute]
            answers = [told.get(label, 0) for label in labels]
            result = corrected(answers, told.get(UNKNOWN, 0), matrix)
            prefix = "est_" if attribute == "gender" else "est_age_"
            for label, value, low, high in zip(labels, *result, strict=True):
                found |= {
                    f"{prefix}{label}": value,
                    f"{prefix}{label}_low": low,
                    f"{prefix}{label}_high": high,
                }
        return found


def _totals(folded: Folded) -> dict[str, Any]:
    """Totals and cells under their names in the message."""
    keys: dict[str, Any] = {f"age_{age}": folded.ages.get(age, 0) for age in AGES}
    keys["gender_unknown"] = folded.genders.get(UNKNOWN, 0)
    for gender in ESTIMATED["gender"]:
        total = keys[gender] = folded.genders.get(gender, 0)
        for age in AGE_BANDS:
            cell = keys[f"{gender}_{age}"] = folded.cells.get((gender, age), 0)
            total -= cell
        keys[f"{gender}_age_unknown"] = total
    return keys
