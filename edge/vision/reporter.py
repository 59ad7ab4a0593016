"""What vision says and hears on the live socket: who it is, who is in view, how it is; orders."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from edge.config.told import Privacy
from edge.host.notify import NO_FRAMES
from edge.messages.fields import timestamp
from edge.messages.live import HealthNow, Hello, StateNow, VisionSocket
from edge.messages.messages import Health, State
from edge.outbox.starts import Starts
from edge.privacy.presence import OF_FACES, in_view
from edge.runtime.census.clock import system_synced
from edge.runtime.frame import Window
from edge.runtime.meter import Meter
from edge.runtime.people.people import People
from edge.vision.load import NOT_TOLD, Load
from edge.vision.orders import Orders

HELLO_S = 5.0
HEALTH_S = 5.0
FIRST_HEALTH_S = 1.0
"""Rates over a shorter time than this say nothing."""
STATE_S = 1.0
"""How often each is said at least; the publisher thins out what it passes on."""


class Disclosure(NamedTuple):
    """What of vision may be told; `epsilon_spent` is there where windows are noisy."""

    hello: Callable[[], Hello]
    privacy: Privacy
    starts: Starts
    epsilon_spent: Callable[[], float] | None = None

    def in_view(self, present: int, attending: int) -> tuple[int | None, int | None]:
        """What the live state may tell of them."""
        return in_view(self.privacy, present, attending)


class Reporter:
    """Called after every step of the loop; says what is due and carries orders out."""

    def __init__(
        self,
        live: VisionSocket,
        disclosure: Disclosure,
        meter: Meter,
        people: People,
        orders: Orders,
    ) -> None:
        self._live = live
        self._disclosure = disclosure
        self._people = people
        self._orders = orders
        self._loop = orders.loop
        self._started_s = time.monotonic()
        self._hello_due_s = self._state_due_s = 0.0
        self._health_due_s = self._started_s + FIRST_HEALTH_S
        self._said: tuple[int | None, int | None, bool] | None = None
        self._captured = self._processed = 0
        self._camera_ok = True
        self._load = Load(self._loop, meter, disclosure.privacy, self._started_s)

    def tick(self) -> None:
        """Say what is due, carry out what is asked."""
        now_s = time.monotonic()
        for order in self._live.receive():
            self._live.send(self._orders.answer(order))
        if now_s >= self._hello_due_s:
            self._hello_due_s = now_s + HELLO_S
            self._live.send(self._present_hello())
        if self._disclosure.privacy.live:
            self._say_state(now_s)
        if now_s >= self._health_due_s:
            self._health_due_s = now_s + HEALTH_S
            self._live.send(HealthNow(health=self._health(now_s)))

    def _present_hello(self) -> Hello:
        hello, spent = self._disclosure.hello(), self._disclosure.epsilon_spent
        return hello if spent is None else msgspec.structs.replace(hello, epsilon_spent=spent())

    def _say_state(self, now_s: float) -> None:
        present, attending = self._disclosure.in_view(self._people.present, self._people.attending)
        paused = self._loop.paused
        # What is told decides when it is told: a record at each coming and going would tell of it.
        if (present, attending, paused) != self._said or now_s >= self._state_due_s:
            self._said, self._state_due_s = (present, attending, paused), now_s + STATE_S
            self._live.send(StateNow(state=State(
                time=timestamp(time.time()), present=present, attending=attending, paused=paused,
            )))  # fmt: skip

    def window_told(self, window: Window) -> None:
        """A window was passed on: what follows the load may be told of it, but for its pauses."""
        self._load.rested(window.shut_s)
        if not window.emptied:
            self._load.window_ended(window.timed, time.monotonic())

    def in_words(self) -> str:
        """The state in a line, for `systemctl status`, where every user of the machine reads it."""
        if self._loop.paused:
            return f"paused: the camera is closed{self._why_paused()}"
        again = f"; camera opened again {self._loop.restarts}×" if self._loop.restarts else ""
        # How many frames were processed follows who is in view, where the processor is busy.
        done = f"{self._loop.processed} frames processed" if self._load.at_once else "watching"
        return f"{self._seen_in_words()}{done}{again}"

    def _why_paused(self) -> str:
        unreadable = self._orders.pause.now.reason == "unreadable"
        return ", since whether it was could not be read; `resume` opens it" if unreadable else ""

    def _seen_in_words(self) -> str:
        """Who is in view, as far as the live state may tell; nothing where it may not."""
        if not self._camera_ok:
            return f"{NO_FRAMES}; "
        if not self._disclosure.privacy.live:
            return ""
        present, _ = self._disclosure.in_view(self._people.present, self._people.attending)
        return "" if present is None else f"{present} in view; "

    def _health(self, now_s: float) -> Health:
        captured = self._loop.captured - self._captured
        processed = self._loop.processed - self._processed
        self._captured, self._processed = self._loop.captured, self._loop.processed
        self._camera_ok = (
            self._loop.paused or captured > 0 or processed == self._loop.processed == 0
        )
        pause, starts = self._orders.pause.now, self._disclosure.starts
        return Health(
            time=timestamp(time.time()),
            uptime_s=round(now_s - self._started_s, 1),
            paused=self._loop.paused,
            pause_reason=pause.reason if self._loop.paused else None,
            camera_ok=self._camera_ok,
            camera_restarts=self._loop.restarts,
            camera_lost=starts.camera_lost,
            vision_starts=starts.vision,
            machine_starts=starts.machine,
            outbox_in_memory=self._orders.outbox.in_memory,
            clock_synced=system_synced(),
            **self._view(),
            **self._loaded(now_s),
        )

    def _loaded(self, now_s: float) -> Mapping[str, Any]:
        """What follows the load; not during a pause, which tells of the moments before it."""
        rests = self._loop.paused and not self._load.at_once
        return NOT_TOLD if rests else self._load.told(now_s)

    def _view(self) -> dict[str, Any]:
        """How the view is; not while no camera is open, nor what takes a face to be told of few."""
        view = {f"view_{name}": flag for name, flag in self._loop.view._asdict().items()}
        hidden = view if self._loop.paused else () if self._load.at_once else OF_FACES
        return view | dict.fromkeys(hidden)
