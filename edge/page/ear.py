"""What the publisher tells, the last of it, and what it is asked for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Literal

from edge.messages.page import Ask, Done, PageSocket, Reloaded, Told

log = logging.getLogger("page")

ASK_S = 5.0
"""How often the publisher is asked to tell."""
ASK_AGAIN_S = 1.0
"""The same while it is not heard."""
SILENCE_S = 20.0
"""A publisher that has said nothing for so long is taken to be down."""
ANSWER_S = 7.0
"""How long the publisher, which gives vision 5 s, may take to answer."""
ANSWERS_MAX = 32

Clock = Callable[[], float]


class Ear:
    """The server's loop hears; the threads that answer browsers look, and ask."""

    def __init__(self, socket: PageSocket, clock: Clock = time.monotonic) -> None:
        self._socket, self._clock = socket, clock
        self._changed = threading.Condition()
        self._told: Told | None = None
        self._heard_s = self._asked_s = -1e9
        self._next_id = 1
        self._done: dict[int, Done] = {}
        self.reload_asked = False
        self.fileno = socket.fileno

    def step(self) -> None:
        """Call often: ask to be told, now and then."""
        now_s = self._clock()
        if now_s - self._asked_s >= (ASK_S if self.told() else ASK_AGAIN_S):
            self._asked_s = now_s
            self._socket.send(Ask(id=0, verb="tell"))

    def hear(self) -> None:
        """Take what waits."""
        for record in self._socket.receive():
            with self._changed:
                if isinstance(record, Told):
                    self._told, self._heard_s = record, self._clock()
                elif isinstance(record, Done):
                    self._done[record.id] = record
                    self._changed.notify_all()
                else:
                    assert isinstance(record, Reloaded)
                    self.reload_asked = True

    def told(self) -> Told | None:
        """The last that was told; None where nothing was lately."""
        with self._changed:
            return self._told if self._clock() - self._heard_s <= SILENCE_S else None

    def ask(self, verb: Literal["pause", "resume"]) -> str | None:
        """Have it done, and wait; a sentence where it was not."""
        with self._changed:
            number, self._next_id = self._next_id, self._next_id + 1
            if not self._socket.send(Ask(id=number, verb=verb)):
                return "the publisher is not running"
            log.info("%s is asked of the publisher", verb)
            self._changed.wait_for(lambda: number in self._done, ANSWER_S)
            done = self._done.pop(number, None)
            for stale in list(self._done)[:-ANSWERS_MAX]:
                del self._done[stale]
        return done.error if done else "the publisher did not answer in time"
