"""No window is told that is shorter than the threshold allows: a short one joins the next.

A window is cut short by the start and the end of the process, by a request for another length, by a
clock that is set and by a privacy pause. While k is above 1 it would tell when somebody came more
finely than a window does: who may ask for pauses could open the camera for a second and be told who
was in view. So it waits and is told together with the next one; what lies within a pause, where
nobody can be, is told meanwhile. Where the process ends first, no more than its people and its span
are kept, as they would be told anyway; the next start goes on from there.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections import Counter
from collections.abc import Callable

from edge.messages.bands import UNKNOWN
from edge.outbox.outbox import Outbox
from edge.runtime.frame import ViewHealth, Window

log = logging.getLogger(__name__)

TOLERANCE_S = 1.0
"""Windows follow the wall clock, which is slewed: a minute may be half a second shorter."""

_PREFIX = "carried_"
_NAMES = ("start_ms", "window_ms", "observed_ms", "shut_ms", "synced", "people")


class ShortWindows:
    """Takes windows of the census, and passes on those that are long enough."""

    def __init__(self, least_s: float, outbox: Outbox, pass_on: Callable[[Window], None]) -> None:
        """`least_s` 0 passes everything on at once."""
        self._least_s = least_s
        self._outbox = outbox
        self._pass_on = pass_on
        self._held: Window | None = None
        self._shut: Window | None = None
        self._apart = False
        """Whether windows of a pause were passed on since what is held."""

    def begin(self, now_s: float | None = None, *, synced: bool) -> None:
        """Take up what an earlier process kept; `now_s` is wall time, `synced` whether it is right.

        If its window would have ended by now, it is told on its own; not where a pause cut it.
        """
        carried = _read(self._outbox)
        if carried is None:
            return
        _write(self._outbox, None)
        now_s = time.time() if now_s is None else now_s
        whole = stretched(carried, self._least_s)
        if synced and carried.clock_synced and not carried.shut_s and whole.end_s <= now_s:
            self._pass_on(whole)
        else:
            self._held, self._apart = carried, carried.shut_s > 0

    def take(self, window: Window) -> None:
        """One window of the census, in order."""
        if self._shut is not None:
            window, self._shut = joined(self._shut, window), None
        if window.is_shut:
            self._rest(window)
        else:
            self._look(window)

    def _rest(self, window: Window) -> None:
        """A window within a pause: it tells of nobody, and what is held waits for the next look."""
        if self._is_short(window.window_s):
            self._shut = window
        else:
            self._apart = self._held is not None
            self._pass_on(window)

    def _look(self, window: Window) -> None:
        """A window in which somebody may have been seen."""
        if self._held is not None:
            window = (taken_in if self._apart else joined)(self._held, window)
            self._held, self._apart = None, False
        if self._is_short(window.open_s):
            self._held = window
        else:
            self._pass_on(window)

    def _is_short(self, length_s: float) -> bool:
        return length_s < self._least_s - TOLERANCE_S

    def end(self, *, live: bool) -> None:
        """The process ends: a recording's last window is filled up, a camera's is kept."""
        held, self._held = self._held or self._shut, None
        if held is None:
            return
        if not live:
            # Its end lies ahead, where another run on this folder may begin meanwhile.
            whole = stretched(held, self._least_s)
            self._pass_on(dataclasses.replace(whole, clock_synced=False))
        elif not _write(self._outbox, held):
            log.error("the last %.0f s could not be kept, nor who was counted in them: the disk "
                      "refuses them", held.window_s)  # fmt: skip


def stretched(window: Window, least_s: float) -> Window:
    """A short window as one of the least length, of which the rest was not observed."""
    return dataclasses.replace(window, window_s=least_s, end_s=window.start_s + least_s)


def joined(first: Window, second: Window) -> Window:
    """Two neighbouring windows as one."""
    observed_s = first.observed_s + second.observed_s
    present_s = sum(part.present_mean * part.observed_s for part in (first, second))
    return Window(
        start_s=min(first.start_s, second.start_s),
        end_s=second.end_s,
        clock_synced=first.clock_synced and second.clock_synced,
        window_s=first.window_s + second.window_s,
        observed_s=observed_s,
        frames_seen=first.frames_seen + second.frames_seen,
        frames_skipped=first.frames_skipped + second.frames_skipped,
        cells=Counter(first.cells) + Counter(second.cells),
        places=Counter(first.places) + Counter(second.places),
        dwell_s=first.dwell_s + second.dwell_s,
        attention_s=first.attention_s + second.attention_s,
        present_max=max(first.present_max, second.present_max),
        present_mean=present_s / observed_s if observed_s else 0.0,
        not_faces=first.not_faces + second.not_faces,
        passers=_sum(first.passers, second.passers),
        view=_either(first.view, second.view),
        shut_s=first.shut_s + second.shut_s,
        untimed=first.untimed + second.untimed,
    )


def taken_in(first: Window, second: Window) -> Window:
    """The second window with what was counted in the first, from before a pause, as well.

    Not as one that spans both: windows of the pause between them are told already.
    """
    both = joined(first, second)
    return dataclasses.replace(
        both,
        start_s=second.start_s,
        clock_synced=second.clock_synced,
        window_s=second.window_s,
        observed_s=min(both.observed_s, second.window_s),
        shut_s=max(second.window_s - first.open_s - second.open_s, 0.0),
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 0) + (second or 0)


def _either(first: ViewHealth, second: ViewHealth) -> ViewHealth:
    """What was so in either; None where neither could tell."""
    pairs = zip(first, second, strict=True)
    return ViewHealth._make(one if other is None else one or other for one, other in pairs)


def _read(outbox: Outbox) -> Window | None:
    """The window that an earlier process kept, of whose people nothing else is known."""
    start_ms, window_ms, observed_ms, shut_ms, synced, people = (
        outbox.kept(_PREFIX + name) for name in _NAMES
    )
    if not window_ms:
        return None
    start_s, window_s = start_ms / 1000, window_ms / 1000
    people = min(people, 1_000)
    return Window(
        start_s=start_s,
        end_s=start_s + window_s,
        clock_synced=bool(synced),
        window_s=window_s,
        observed_s=min(observed_ms / 1000, window_s),
        cells={(UNKNOWN, UNKNOWN): people},
        places={},
        shut_s=min(shut_ms / 1000, window_s),
        untimed=people,
    )


def _write(outbox: Outbox, window: Window | None) -> bool:
    values = (0,) * len(_NAMES)
    if window is not None:
        values = (
            round(max(window.start_s, 0.0) * 1000),
            max(round(window.window_s * 1000), 1),
            round(window.observed_s * 1000),
            math.ceil(window.shut_s * 1000),
            int(window.clock_synced),
            window.people,
        )
    return outbox.keep_all(
        {_PREFIX + name: value for name, value in zip(_NAMES, values, strict=True)}
    )
