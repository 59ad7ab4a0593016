"""Orders of the publisher, carried out: pause, resume, window length, reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.messages.fields import sentence
from edge.messages.live import Answer, Order
from edge.outbox.outbox import Outbox
from edge.runtime.census.census import Census
from edge.runtime.loop import Loop
from edge.vision.pause import ASKED, PauseRecord


class Orders:
    """Carries out what the publisher passes on; vision decides, and says no in one sentence."""

    def __init__(
        self,
        loop: Loop,
        set_window: Callable[[float], None],
        check: Callable[[], None],
        outbox: Outbox,
        pause: PauseRecord,
    ) -> None:
        """`set_window` may refuse a length by a ConfigError.

        `check` reads configuration and models again; UserError where one is wrong.
        """
        self.loop = loop
        self.loop.paused = pause.now.paused
        self.outbox = outbox
        self.pause = pause
        self._anew = self._ended = False
        self._set_window = set_window
        self._check = check

    @property
    def restart(self) -> bool:
        """Whether vision is to start anew once the loop has ended."""
        return self._anew and not self._ended

    def end(self) -> None:
        """Have vision end, also while it reads the configuration again; for a signal handler."""
        self._ended = True
        self.loop.stop()

    def answer(self, order: Order) -> Answer:
        """Carry one order out; the answer says why where that is not possible."""
        try:
            self._carry_out(order.verb, order.length_s)
        except UserError as error:
            return Answer(id=order.id, error=sentence(str(error)))
        return Answer(id=order.id)

    def _carry_out(
        self, verb: Literal["pause", "resume", "window", "reload"], length_s: float | None
    ) -> None:
        if verb in ("pause", "resume"):
            self._pause(paused=verb == "pause")
        elif verb == "window":
            if length_s is None:
                raise ConfigError("window needs length_s, in seconds")
            self._set_window(length_s)
        else:
            self.reload()

    def reload(self) -> None:
        """Have vision start anew with the configuration read again; UserError where it is wrong."""
        self._check()  # a wrong file or model must not end a running device
        if self.outbox.in_memory and not self.outbox.flush():
            raise ConfigError(
                f"{self.outbox.in_memory} windows wait in memory, because the disk refuses "
                "them, and would be lost: make room first"
            )
        self._anew = True
        self.loop.stop()

    def _pause(self, *, paused: bool) -> None:
        """A privacy pause must not end by a crash or a power cut, so it is kept."""
        self.loop.paused = paused
        if paused and self.pause.now == ASKED and self.pause.kept:
            return  # a flood of them writes nothing
        if not self.pause.set(paused):
            verb = "pause" if paused else "resume"
            raise ConfigError(f"{verb} holds until the next start only: the disk keeps nothing")


def set_window(config: Config, census: Census, length_s: float) -> None:
    """Windows are so long from now on; ConfigError where none so short may be told."""
    least_s = config.window_least_s
    if length_s < least_s:
        raise ConfigError(
            f"length_s = {length_s:g}: while privacy.k is {config.privacy.k} a window is at least "
            f"{least_s:g} s long (privacy.window_min_s)"
        )
    census.set_length(length_s)
