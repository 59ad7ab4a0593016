"""What vision says and hears at the door: who it is, who is in view, how it is; orders."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import msgspec

from edge.errors import ConfigError, UserError
from edge.host import readings
from edge.host.notify import NO_FRAMES
from edge.live import Answer, HealthNow, Hello, Order, StateNow, VisionDoor
from edge.messages import Health, State, timestamp
from edge.outbox import Outbox
from edge.runtime.clock import system_synced
from edge.runtime.loop import Loop
from edge.runtime.meter import Meter
from edge.runtime.people import People
from edge.starts import Starts

HELLO_S = 5.0
HEALTH_S = 5.0
FIRST_HEALTH_S = 1.0
"""Rates over a shorter time than this say nothing."""
STATE_S = 1.0
"""How often each is said at least; the publisher thins out what it passes on."""
PAUSED = "paused"
"""Name under which the outbox keeps whether the camera is paused."""


class Voice(NamedTuple):
    """What of vision may be told.

    `in_view` makes of present and attending what may be told of them. `epsilon_spent` is there
    where windows are noisy: it is told in the hello, and the live state is not told at all.
    """

    hello: Callable[[], Hello]
    in_view: Callable[[int, int], tuple[int | None, int | None]]
    starts: Starts
    epsilon_spent: Callable[[], float] | None = None


class Reporter:
    """Called after every step of the loop; says what is due and carries orders out."""

    def __init__(
        self, door: VisionDoor, voice: Voice, meter: Meter, people: People, orders: Orders
    ) -> None:
        self._door = door
        self._voice = voice
        self._meter = meter
        self._people = people
        self._orders = orders
        self._loop = orders.loop
        self._started_s = time.monotonic()
        self._hello_due_s = self._state_due_s = 0.0
        self._health_due_s = self._started_s + FIRST_HEALTH_S
        self._said: tuple[int, int, bool] | None = None
        self._health_since_s = self._started_s
        self._captured = self._processed = 0
        self._camera_ok = True

    def tick(self) -> None:
        """Say what is due, carry out what is asked."""
        now_s = time.monotonic()
        for order in self._door.receive():
            self._door.send(self._orders.answer(order))
        if now_s >= self._hello_due_s:
            self._hello_due_s = now_s + HELLO_S
            self._door.send(self._present_hello())
        if self._voice.epsilon_spent is None:
            self._say_state(now_s)
        if now_s >= self._health_due_s:
            self._health_due_s = now_s + HEALTH_S
            self._door.send(HealthNow(health=self._health(now_s)))

    def _present_hello(self) -> Hello:
        hello, spent = self._voice.hello(), self._voice.epsilon_spent
        return hello if spent is None else msgspec.structs.replace(hello, epsilon_spent=spent())

    def _say_state(self, now_s: float) -> None:
        seen = (self._people.present, self._people.attending, self._loop.paused)
        if seen != self._said or now_s >= self._state_due_s:
            self._said, self._state_due_s = seen, now_s + STATE_S
            *people, paused = seen
            present, attending = self._voice.in_view(*people)
            self._door.send(StateNow(state=State(
                time=timestamp(time.time()), present=present, attending=attending, paused=paused,
            )))  # fmt: skip

    def in_words(self) -> str:
        """The state in a line, for `systemctl status`, where every user of the machine reads it."""
        if self._loop.paused:
            return "paused: the camera is closed"
        again = f"; camera opened again {self._loop.restarts}×" if self._loop.restarts else ""
        return f"{self._seen_in_words()}{self._loop.processed} frames processed{again}"

    def _seen_in_words(self) -> str:
        """Who is in view, as far as the live state may tell; nothing where it may not."""
        if not self._camera_ok:
            return f"{NO_FRAMES}; "
        if self._voice.epsilon_spent is not None:
            return ""
        present, _ = self._voice.in_view(self._people.present, self._people.attending)
        return "" if present is None else f"{present} in view; "

    def _health(self, now_s: float) -> Health:
        frames, spent = self._meter.take()
        took_s = max(now_s - self._health_since_s, 1e-3)
        captured = self._loop.captured - self._captured
        processed = self._loop.processed - self._processed
        self._health_since_s = now_s
        self._captured, self._processed = self._loop.captured, self._loop.processed
        self._camera_ok = (
            self._loop.paused or captured > 0 or processed == self._loop.processed == 0
        )
        return Health(
            time=timestamp(time.time()),
            uptime_s=round(now_s - self._started_s, 1),
            camera_ok=self._camera_ok,
            camera_restarts=self._loop.restarts,
            camera_lost=self._voice.starts.camera_lost,
            vision_starts=self._voice.starts.vision,
            machine_starts=self._voice.starts.machine,
            fps_camera=round(captured / took_s, 2),
            fps_processed=round(processed / took_s, 2),
            fps_limit=round(self._loop.detect_fps_max, 2),
            frames_skipped=self._loop.skipped,
            frames_gated=self._loop.gated,
            temperature_celsius=readings.temperature_celsius(),
            throttled=readings.throttled(),
            vision_memory_mb=round(readings.memory_mb(), 1),
            outbox_in_memory=self._orders.outbox.in_memory,
            clock_synced=system_synced(),
            stage_capture_ms=_ms(frames, spent, "capture"),
            stage_detect_ms=_ms(frames, spent, "gate", "resize", "detect", "decode"),
            stage_people_ms=_ms(frames, spent, "track", "census", "publish", "rest"),
            stage_estimate_ms=_ms(frames, spent, "crop", "estimate"),
        )


def _ms(frames: int, spent: Mapping[str, float], *stages: str) -> float:
    """Milliseconds per processed frame in some of the meter's stages; 0 where none was."""
    if not frames:
        return 0.0
    return round(sum(spent.get(stage, 0.0) for stage in stages) * 1000 / frames, 3)


class Orders:
    """Carries out what the publisher passes on; vision decides, and says no in one sentence."""

    def __init__(
        self,
        loop: Loop,
        set_window: Callable[[float], None],
        check: Callable[[], None],
        outbox: Outbox,
    ) -> None:
        """`check` reads configuration and models again; UserError where one is wrong.

        A pause is kept in the outbox: a privacy pause must not end by a crash or a power cut.
        """
        self.loop = loop
        self.loop.paused = bool(outbox.kept(PAUSED))
        self.outbox = outbox
        self.restart = False
        self._set_window = set_window
        self._check = check

    def answer(self, order: Order) -> Answer:
        """Carry one order out; the answer says why where that is not possible."""
        try:
            self._carry_out(order.verb, order.length_s)
        except UserError as error:
            return Answer(id=order.id, error=str(error))
        return Answer(id=order.id)

    def _carry_out(
        self, verb: Literal["pause", "resume", "window", "reload"], length_s: float | None
    ) -> None:
        if verb in ("pause", "resume"):
            self.loop.paused = verb == "pause"
            if not self.outbox.keep(PAUSED, int(self.loop.paused)):
                raise ConfigError(f"{verb} holds until the next start only: the disk keeps nothing")
        elif verb == "window":
            if length_s is None:
                raise ConfigError("window needs length_s, in seconds")
            self._set_window(length_s)
        else:
            self._check()  # a wrong file or model must not end a running device
            if self.outbox.in_memory and not self.outbox.flush():
                raise ConfigError(
                    f"{self.outbox.in_memory} windows wait in memory, because the disk refuses "
                    "them, and would be lost: make room first"
                )
            self.restart = True
            self.loop.stop()
