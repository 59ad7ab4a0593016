"""No window is told that is shorter than the threshold allows: a short one joins the next.

A window is cut short by the start and the end of the process, by a request for another length and
by a clock that is set. While k is above 1 it would tell when somebody came more finely than a
window does. So it waits and is told together with the next one. Where the process ends first, no
more than its people and its span are kept, as they would be told anyway; the next start goes on
from there.

A privacy pause cuts short for how long the camera is open: who may ask for pauses could open it for
a second and be told who was in view. So a window that it cuts is told in its time without whoever
was counted in it, who wait, and are told with the first one by whose end the camera was open for
the least length since. That some wait is kept at once: a device may be switched off in a pause.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from edge.messages.bands import UNKNOWN
from edge.outbox.outbox import Outbox
from edge.runtime.frame import ViewHealth, Window

log = logging.getLogger(__name__)

TOLERANCE_S = 1.0
"""Windows follow the wall clock, which is slewed: a minute may be half a second shorter."""

_PREFIX = "carried_"
_SPAN = ("start_ms", "window_ms", "observed_ms", "shut_ms", "synced", "people")
_WAITING = ("waiting_open_ms", "waiting_people")
_PEOPLE_MAX = 1_000_000
"""More than any camera counts in a window, so that a damaged number stays one."""


class ShortWindows:
    """Takes windows of the census, and passes on those that are long enough."""

    def __init__(self, least_s: float, outbox: Outbox, pass_on: Callable[[Window], None]) -> None:
        """`least_s` 0 passes everything on at once."""
        self._least_s = least_s
        self._outbox = outbox
        self._pass_on = pass_on
        self._short: Window | None = None
        self._waiting: Window | None = None
        """Who was counted in windows that were told without them, over the time these were open."""

    def begin(self, now_s: float | None = None, *, synced: bool) -> None:
        """Take up what an earlier process kept; `now_s` is wall time, `synced` whether it is right.

        If its window would have ended by now, it is told on its own.
        """
        self._waiting, short = _read_waiting(self._outbox), _read_short(self._outbox)
        if short is None:
            return
        self._keep()
        now_s = time.time() if now_s is None else now_s
        whole = stretched(short, self._least_s)
        if synced and short.clock_synced and whole.end_s <= now_s:
            self.take(whole)
        else:
            self._short = short

    def take(self, window: Window) -> None:
        """One window of the census, in order."""
        if self._short is not None:
            window, self._short = joined(self._short, window), None
        waited_s = self._waiting.window_s if self._waiting else 0.0
        if self._is_short(window.window_s):
            self._short = window
        elif self._is_short(window.open_s + waited_s):
            self._tell_empty(window)
        else:
            self._tell(window)

    def _tell_empty(self, window: Window) -> None:
        """A window that a pause cut, or that lies in one: whoever was counted in it waits."""
        if window.open_s > 0 or window.people:
            opened = at_open(window)
            self._waiting = joined(self._waiting, opened) if self._waiting else opened
            self._keep()
        self._pass_on(emptied(window))

    def _tell(self, window: Window) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._keep()  # before: whoever is told may not be kept
            window = taken_in(waiting, window)
        self._pass_on(window)

    def _keep(self) -> bool:
        """Keep who waits, and nothing of what is short."""
        return _write(self._outbox, None, self._waiting)

    def _is_short(self, length_s: float) -> bool:
        return length_s < self._least_s - TOLERANCE_S

    def end(self, *, live: bool) -> None:
        """The process ends: a recording's last window is filled up, a camera's is kept."""
        short, waiting = self._short, self._waiting
        self._short = self._waiting = None
        if live:
            if (short or waiting) and not _write(self._outbox, short, waiting):
                lost_s = sum(part.window_s for part in (short, waiting) if part)
                log.error("the last %.0f s could not be kept, nor who was counted in them: "
                          "the disk refuses them", lost_s)  # fmt: skip
        elif last := _last(short, waiting):
            # Its end lies ahead, where another run on this folder may begin meanwhile.
            whole = stretched(last, self._least_s)
            self._pass_on(dataclasses.replace(whole, clock_synced=False))


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


def emptied(window: Window) -> Window:
    """A window's time without whoever was counted in it, nor what tells of them."""
    return Window(
        start_s=window.start_s,
        end_s=window.end_s,
        clock_synced=window.clock_synced,
        window_s=window.window_s,
        observed_s=window.observed_s,
        cells={},
        places={},
        passers=None if window.passers is None else 0,
        shut_s=window.shut_s,
        emptied=True,
    )


def at_open(window: Window) -> Window:
    """Whoever was counted in a window, over the time for which the camera was open."""
    return dataclasses.replace(window, window_s=max(window.open_s, 0.0), observed_s=0.0, shut_s=0.0)


def taken_in(waiting: Window, window: Window) -> Window:
    """A window with those who waited for it; their time was told before."""
    return dataclasses.replace(
        joined(waiting, window),
        start_s=window.start_s,
        clock_synced=window.clock_synced,
        window_s=window.window_s,
        observed_s=window.observed_s,
        present_mean=window.present_mean,
        shut_s=window.shut_s,
    )


def _last(short: Window | None, waiting: Window | None) -> Window | None:
    """What is left at the end of a recording."""
    if short is None or waiting is None:
        return short or (waiting and dataclasses.replace(waiting, start_s=waiting.end_s))
    return taken_in(waiting, short)


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 0) + (second or 0)


def _either(first: ViewHealth, second: ViewHealth) -> ViewHealth:
    """What was so in either; None where neither could tell."""
    pairs = zip(first, second, strict=True)
    return ViewHealth._make(one if other is None else one or other for one, other in pairs)


def _read_short(outbox: Outbox) -> Window | None:
    """The window that an earlier process kept, of whose people nothing else is known."""
    start_ms, window_ms, observed_ms, shut_ms, synced, people = _kept(outbox, _SPAN)
    if not window_ms:
        return None
    window_s = window_ms / 1000
    return _of_unknown(
        people,
        start_s=start_ms / 1000,
        window_s=window_s,
        clock_synced=bool(synced),
        observed_s=min(observed_ms / 1000, window_s),
        shut_s=min(shut_ms / 1000, window_s),
    )


def _read_waiting(outbox: Outbox) -> Window | None:
    """Who waited when an earlier process ended."""
    open_ms, people = _kept(outbox, _WAITING)
    if not open_ms and not people:
        return None
    return _of_unknown(people, start_s=time.time(), window_s=open_ms / 1000)


def _kept(outbox: Outbox, names: Sequence[str]) -> Iterator[int]:
    return (max(outbox.kept(_PREFIX + name), 0) for name in names)


def _of_unknown(people: int, *, start_s: float, window_s: float, **known: Any) -> Window:
    """People of whom nothing else is known."""
    people = min(people, _PEOPLE_MAX)
    return Window(
        start_s=start_s,
        end_s=start_s + window_s,
        window_s=window_s,
        cells={(UNKNOWN, UNKNOWN): people},
        places={},
        untimed=people,
        **{"clock_synced": False, "observed_s": 0.0} | known,
    )


def _write(outbox: Outbox, short: Window | None, waiting: Window | None) -> bool:
    values = [0] * len(_SPAN + _WAITING)
    if short is not None:
        values[: len(_SPAN)] = (
            round(max(short.start_s, 0.0) * 1000),
            max(round(short.window_s * 1000), 1),
            round(short.observed_s * 1000),
            math.ceil(short.shut_s * 1000),
            int(short.clock_synced),
            short.people,
        )
    if waiting is not None:
        values[len(_SPAN) :] = math.floor(waiting.window_s * 1000), waiting.people
    names = (_PREFIX + name for name in _SPAN + _WAITING)
    return outbox.keep_all(dict(zip(names, values, strict=True)))
