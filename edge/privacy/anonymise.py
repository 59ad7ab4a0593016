"""Raw window → the `counts` message: folding first, then everything else from what was folded.

Only what this module returns may be stored or sent. The corrected estimates are computed from
the folded table and the public card alone, so they cannot tell more than those do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from edge.config.told import Privacy
from edge.config.zone import ahead_in
from edge.messages.bands import TOLD_GENDERS, UNKNOWN, ages_of, cell_key
from edge.messages.counts import Counts, CountsHead
from edge.messages.fields import timestamp, utc_offset
from edge.privacy import fold
from edge.privacy.estimates import Estimates
from edge.privacy.fold import Table
from edge.privacy.noise import TABLES, Noisy, laplace, noised
from edge.runtime.frame import Window
from edge.runtime.networks.card import Confusion

DAY_S = 86_400


class Form(NamedTuple):
    """What messages look like: the models' names, the keys of places, the scheme of age bands.

    `ahead` tells by how many seconds local time is ahead of UTC at a wall time.
    """

    model: str
    places: Sequence[str] = ()
    bands: Literal["fine", "coarse"] = "fine"
    ahead: Callable[[float], float] = ahead_in("")


def _as_unknown(window: Window) -> Window:
    """A window over a start after which few came: they are told like those from before it.

    That no stay is told shows how few they are; so nothing else must show that there was anybody.
    """
    unknown = {(UNKNOWN, UNKNOWN): window.people}
    return replace(window, cells=unknown, places={}, untimed=window.people)


class Anonymiser:
    """Turns windows into messages under one set of rules."""

    def __init__(
        self,
        privacy: Privacy,
        confusion: Mapping[str, Confusion],
        form: Form,
        coin: fold.Coin = fold.secret_coin,
    ) -> None:
        """`confusion` is the estimators' cards'."""
        self._privacy, self._form, self._coin = privacy, form, coin
        self._ages = ages_of(form.bands)
        self._estimates = Estimates(confusion, form.bands, privacy.k)
        self._noise = laplace(privacy.epsilon / TABLES) if privacy.epsilon else None
        self._day = 0
        self.epsilon_spent = 0.0
        """ε of the windows that ended on the present UTC day, since this process began."""

    def counts(self, window: Window, *, seq: int = 0, boot: str = "unset") -> CountsHead:
        """The message of a raw window; the outbox gives it its number. Call once a window.

        A second call would toss anew, and two looks at the same few tell more than one.
        """
        told = self._exact(window) if self._noise is None else self._noisy(window)
        return Counts(
            seq=seq,
            boot=boot,
            start=timestamp(window.start_s),
            end=timestamp(window.end_s),
            timezone=utc_offset(self._form.ahead(window.end_s)),
            window_s=round(window.window_s, 3),
            observed_s=round(window.observed_s, 3),
            clock_synced=window.clock_synced,
            bands=self._form.bands,
            model=self._form.model,
            **({"places": dict.fromkeys(self._form.places)} | told),
        )

    def _exact(self, window: Window) -> dict[str, Any]:
        """People, and where they are at least k, all else by the table that they are told by."""
        k = self._privacy.k
        if window.untimed and window.timed < k:
            window = _as_unknown(window)
        head = {"people": window.people, "folding": f"{'rounding' if k > 1 else 'none'}:{k}"}
        table = fold.settle(window.cells, k, self._coin)
        if table is None:
            return head
        return (
            head
            | self._table(table)
            | self._averages(window)
            | self._estimates.of(table)
            | {"places": self._placed(window), "not_faces": window.not_faces}
            | {"passers": self._enough(window.passers)}
            | {f"view_{name}": flag for name, flag in window.view._asdict().items()}
            | {"frames_seen": window.frames_seen, "frames_skipped": window.frames_skipped}
        )

    def _noisy(self, window: Window) -> dict[str, Any]:
        """Noisy people, genders and bands; no cell, for the two splits are of different noise."""
        assert self._noise is not None
        day = int(window.end_s // DAY_S)
        if day != self._day:
            self._day, self.epsilon_spent = day, 0.0
        self.epsilon_spent += self._privacy.epsilon or 0.0
        k = self._privacy.k
        noisy: Noisy = noised(window.cells, self._ages, self._noise)
        head = {"people": noisy.people, "folding": f"noise:{k}"}
        genders = fold.settle(fold.of_one(noisy.genders, age=False), k, self._coin)
        ages = fold.settle(fold.of_one(noisy.ages, age=True), k, self._coin)
        if genders is None or ages is None:
            return head
        return head | self._margins(fold.by_gender(genders), fold.by_age(ages))

    def _margins(self, genders: Mapping[str, int], ages: Mapping[str, int]) -> dict[str, int]:
        """Totals under their names in the message."""
        keys = {f"age_{age}": ages.get(age, 0) for age in self._ages}
        keys |= {gender: genders.get(gender, 0) for gender in TOLD_GENDERS}
        return keys | {"gender_unknown": genders.get(UNKNOWN, 0)}

    def _table(self, table: Table) -> dict[str, int]:
        """Totals and cells under their names in the message."""
        cells = {
            cell_key(gender, age): table.get((gender, age), 0)
            for gender in TOLD_GENDERS
            for age in self._ages
        }
        return self._margins(fold.by_gender(table), fold.by_age(table)) | cells

    def _averages(self, window: Window) -> dict[str, Any]:
        """Presence, and means of those whose stay is known; null where of fewer than k.

        The mean presence of a window, times its length, less the stays of all who left in it, is
        the exact stay of who did not: it is told at k = 1 only.
        """
        k, timed = self._privacy.k, window.timed
        told: dict[str, Any] = {
            "present_max": self._enough(window.present_max),
            "present_mean": round(window.present_mean, 3) if k == 1 else None,
        }
        if timed >= max(k, 1):
            dwell_s, attention_s = window.dwell_s / timed, window.attention_s / timed
            if k > 1:
                attention_s = fold.attention_s(attention_s, dwell_s)
            told |= {"dwell_s_mean": round(dwell_s, 2), "attention_s_mean": round(attention_s, 2)}
        return told

    def _enough(self, people: int | None) -> int | None:
        """A number of people where it is at least k; None below, for nobody too."""
        return None if people is None or people < self._privacy.k > 1 else people

    def _placed(self, window: Window) -> dict[str, int | None]:
        """Zones and lines."""
        k, people, counted = self._privacy.k, window.people, window.places
        told: dict[str, int | None] = {}
        for key in self._form.places:
            if key.startswith("zone_"):
                told[key] = fold.zone(counted.get(key, 0), people, k)
            elif key not in told:
                ways = [f"{key.rpartition('_')[0]}_{way}" for way in ("in", "out")]
                ins, outs = (counted.get(way, 0) for way in ways)
                told |= zip(ways, fold.lines(ins, outs, people, k, self._coin), strict=True)
        return told
