"""Visits → windows: tumbling, aligned to the wall clock, one for every interval.

Durations are measured on the source's monotonic timeline; the wall clock gives the stamps and
the alignment. The wall clock may be set at any moment. What then holds: no window is lost or
doubled, `window_s` is right whatever the stamps say, and windows marked `clock_synced` never
overlap: a window that starts before the end of an earlier synchronised one is not marked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from edge.messages.bands import AGE_BANDS, UNKNOWN, Bands, band_of
from edge.runtime.census.boundaries import Boundaries
from edge.runtime.census.clock import Clock
from edge.runtime.frame import ALL_WELL, ViewHealth, Visit, Window

SNAP_S = 0.25
"""A stamp this close to a multiple of the length is the multiple: clocks are slewed, not exact."""


class Census:
    """Adds up visits and presence, and closes windows as time passes."""

    def __init__(
        self,
        length_s: float,
        clock: Clock,
        gap_s: float = 1.0,
        bands: Bands = AGE_BANDS,
        ahead: Callable[[float], float] = lambda _wall_s: 0.0,
    ) -> None:
        """`gap_s`: frames further apart than this leave the time between them unobserved.

        `ahead`: seconds that local time, to which windows are aligned, is ahead of UTC at a moment.
        """
        self._bands = bands
        self._ahead = ahead
        self._boundaries = Boundaries(length_s, ahead)
        self._clock = clock
        self._gap_s = gap_s
        self._open: _Sums | None = None
        self._now_s = 0.0
        self._frame_s: float | None = None
        self._shut = False
        self._present = 0
        self._frames_skipped = 0
        self._synced_until_s = -math.inf
        self._closed: list[Window] = []

    def add(self, visits: Iterable[Visit], *, unknown: bool = False) -> None:
        """Count visits that ended, in the window open now; `unknown`: only that they did."""
        for visit in visits:
            sums = self._sums(visit.last_seen_s)
            if unknown and visit.is_face:
                sums.add_unknown()
            else:
                sums.add(visit, self._bands)

    def frame(
        self, captured_s: float, present: int, view: ViewHealth = ALL_WELL, *, blind: bool = False
    ) -> None:
        """Account for one processed frame, the people in view on it, and how the view is.

        The time that a `blind` one covers, on which nothing could be seen, is not observed.
        """
        self._advance(captured_s)
        sums = self._sums(captured_s)
        sums.frames_seen += 1
        sums.present_max = max(sums.present_max, present)
        sums.see(view)
        self._frame_s = None if blind else captured_s
        self._shut = False
        self._present = present

    def unseen(self, now_s: float) -> None:
        """The camera is shut from `now_s` until the next frame: no time of it is observed."""
        self._advance(now_s)
        self._frame_s = None
        self._shut = True
        self._present = 0

    def set_length(self, length_s: float) -> None:
        """Windows are this long from now on; the open one ends at the new length's boundary."""
        self._boundaries = Boundaries(length_s, self._ahead)
        if self._open is not None:
            wall_s = self._clock.wall_s(self._now_s)
            left_s = self._boundaries.after(wall_s) - wall_s
            self._open.end_s = min(self._open.end_s, self._now_s + left_s)

    def skipped(self, count: int) -> None:
        """Account for frames that were captured and not processed."""
        self._frames_skipped += count

    def poll(self, captured_s: float) -> list[Window]:
        """The windows that have ended by `captured_s`, oldest first, empty ones included."""
        self._advance(captured_s)
        closed, self._closed = self._closed, []
        return closed

    def close(self) -> Window | None:
        """The last, shorter window; None where nothing happened. Call `poll` before."""
        sums, self._open = self._open, None
        if sums is None or (self._now_s <= sums.start_s and sums.empty):
            return None
        end_s = max(self._now_s, sums.start_s)
        return self._window(sums, end_s, self._stamp(end_s))

    def _sums(self, now_s: float) -> _Sums:
        """The open window; the first one is opened at `now_s`."""
        if self._open is None:
            self._now_s = now_s
            wall_s = self._stamp(now_s)
            left_s = self._boundaries.after(wall_s) - wall_s
            self._open = _Sums(now_s, now_s + left_s, wall_s)
        return self._open

    def _advance(self, now_s: float) -> None:
        """Move to `now_s`, closing every window that ends on the way."""
        sums = self._sums(now_s)
        while now_s >= sums.end_s:
            self._observe(sums, sums.end_s)
            wall_s = self._stamp(sums.end_s)
            self._closed.append(self._window(sums, sums.end_s, wall_s))
            sums = self._open = self._next(sums.end_s, wall_s)
        self._observe(sums, now_s)

    def _observe(self, sums: _Sums, now_s: float) -> None:
        """Credit the time up to `now_s` to the window, as far as a frame covers it."""
        if self._frame_s is not None:
            covered_s = min(now_s, self._frame_s + self._gap_s) - self._now_s
            if covered_s > 0:
                sums.observed_s += covered_s
                sums.present_s += covered_s * self._present
        if self._shut:
            sums.shut = True
        else:
            sums.open_s += max(now_s - self._now_s, 0.0)
        self._now_s = max(self._now_s, now_s)

    def _next(self, start_s: float, wall_s: float) -> _Sums:
        """The window from `start_s` to the boundary about one length away."""
        return _Sums(start_s, start_s + self._boundaries.following(wall_s) - wall_s, wall_s)

    def _stamp(self, now_s: float) -> float:
        """The wall time of `now_s` in whole milliseconds, on the boundary if it is close."""
        wall_s = self._clock.wall_s(now_s)
        tolerance_s = min(SNAP_S, self._boundaries.length_s / 10)
        boundary_s = self._boundaries.near(wall_s, tolerance_s)
        return round(wall_s, 3) if boundary_s is None else boundary_s

    def _window(self, sums: _Sums, end_s: float, end_wall_s: float) -> Window:
        """The closed value; the start is told from the end, where the clock was set between."""
        window_s = end_s - sums.start_s
        start_wall_s = end_wall_s - window_s
        if abs(start_wall_s - sums.start_wall_s) <= 2 * SNAP_S:
            start_wall_s = sums.start_wall_s
        skipped, self._frames_skipped = self._frames_skipped, 0
        synced = self._clock.synced() and start_wall_s >= self._synced_until_s
        if synced:
            self._synced_until_s = end_wall_s
        return Window(
            start_s=start_wall_s,
            end_s=end_wall_s,
            clock_synced=synced,
            window_s=window_s,
            observed_s=min(sums.observed_s, window_s),
            frames_seen=sums.frames_seen,
            frames_skipped=skipped,
            cells=dict(sums.cells),
            places=dict(sums.places),
            dwell_s=sums.dwell_s,
            attention_s=sums.attention_s,
            present_max=sums.present_max,
            present_mean=sums.present_s / sums.observed_s if sums.observed_s else 0.0,
            not_faces=sums.not_faces,
            view=sums.view(),
            untimed=sums.untimed,
            shut_s=max(window_s - sums.open_s, 0.0) if sums.shut else 0.0,
        )


class _Sums:
    """One open window: sums only, so that its size does not grow with the people in it."""

    __slots__ = (
        "attention_s",
        "cells",
        "dwell_s",
        "end_s",
        "frames_seen",
        "not_faces",
        "observed_s",
        "open_s",
        "places",
        "present_max",
        "present_s",
        "shut",
        "start_s",
        "start_wall_s",
        "untimed",
        "views",
    )

    def __init__(self, start_s: float, end_s: float, start_wall_s: float) -> None:
        self.start_s = start_s
        self.end_s = end_s
        self.start_wall_s = start_wall_s
        self.cells: Counter[tuple[str, str]] = Counter()
        self.places: Counter[str] = Counter()
        self.dwell_s = 0.0
        self.attention_s = 0.0
        self.observed_s = 0.0
        self.open_s = 0.0
        self.shut = False
        self.present_s = 0.0
        self.present_max = 0
        self.frames_seen = 0
        self.not_faces = 0
        self.untimed = 0
        self.views: Counter[ViewHealth] = Counter()

    def see(self, view: ViewHealth) -> None:
        """Count a frame by how the view was: few combinations occur, however long the window."""
        self.views[view] += 1

    def view(self) -> ViewHealth:
        """Each flag as it was on at least half of the frames that could tell."""
        told: dict[str, Any] = {}
        for index, name in enumerate(ViewHealth._fields):
            counts: Counter[bool | None] = Counter()
            for view, frames in self.views.items():
                counts[view[index]] += frames
            up, down = counts[True], counts[False]
            told[name] = up >= down if up + down else ALL_WELL[index]
        return ALL_WELL._replace(**told)

    @property
    def empty(self) -> bool:
        return not (self.cells or self.frames_seen)

    def add_unknown(self) -> None:
        self.cells[UNKNOWN, UNKNOWN] += 1
        self.untimed += 1

    def add(self, visit: Visit, bands: Bands) -> None:
        if not visit.is_face:
            self.not_faces += 1
            return
        gender = UNKNOWN if visit.female is None else "female" if visit.female else "male"
        self.cells[gender, band_of(visit.age_years, bands)] += 1
        self.places.update(visit.places)
        self.dwell_s += visit.dwell_s
        self.attention_s += visit.attention_s
