"""Showing where faces are to whoever aims the camera, on the device, for as long as was asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from edge.config.people import Tracking
from edge.config.space_file import fingerprint
from edge.config.tables import Config
from edge.config.told import Privacy
from edge.errors import ConfigError, UserError
from edge.messages.aim import LOOKS_PER_S, Aim, Applied, FromAim, Refused
from edge.messages.aim_door import ROOT, Door
from edge.messages.fields import sentence
from edge.messages.request_door import Asked, Reply
from edge.runtime.frame import Frame
from edge.runtime.loop import Loop
from edge.runtime.people.people import People
from edge.vision.orders import Orders
from edge.vision.sights import Sights

log = logging.getLogger("vision")

PAUSED = "paused: the camera is closed; the request `resume` opens it"


class Aiming:
    """Called after every step of the loop; hears requests, and shows one of them at a time.

    `apply` reads the configuration again, and has vision start anew with it; UserError where it is
    wrong, or has other places than those it is given.
    """

    def __init__(
        self,
        door: Door,
        loop: Loop,
        people: People,
        settings: tuple[Privacy, Tracking],
        apply: Callable[[str], None],
    ) -> None:
        self._door, self._loop, self._people = door, loop, people
        self._privacy, self._tracking = settings
        self._apply = apply
        self._reply: Reply | None = None
        self._until_s = self._shown_s = 0.0
        self._untold = False

    @property
    def active(self) -> bool:
        """Whether somebody is being shown something."""
        return self._reply is not None

    def tell(self) -> bool:
        """Whether somebody is, or was since this was asked last; for `info`."""
        told, self._untold = self._untold or self.active, False
        return told

    def tick(self) -> None:
        """Carry out what is asked; end what is over."""
        for asked in self._door.receive():
            self._answer(asked)
        if self._reply is not None and self._loop.paused:
            self._end(PAUSED)
        if self._reply is not None and time.monotonic() >= self._until_s:
            self._end("the time is over")

    def close(self) -> None:
        """Show nothing any more."""
        self._end("vision ends")

    def _answer(self, asked: Asked[FromAim]) -> None:
        """Carry a request out, or say no in one sentence."""
        try:
            self._require_right(asked.user)
            if isinstance(asked.record, Aim):
                self._begin(asked.record, asked.reply)
                return
            self._apply(asked.record.places)
            asked.reply.send(Applied())
        except UserError as error:
            asked.reply.send(Refused(error=sentence(str(error))))
        asked.reply.close()

    def _require_right(self, user: int) -> None:
        """Only root may see boxes where a message may not tell that somebody is there."""
        told = self._privacy.k == 1 and self._privacy.epsilon is None
        if user != ROOT and not told:
            k = self._privacy.k
            # Root's folders are others than those of a user who runs vision by hand.
            raise UserError(
                f"{f'privacy.k is {k}' if k > 1 else 'privacy.epsilon is set'}: only root may aim; "
                f"sudo agender-edge aim --set paths.runtime={self._door.folder}, with this --config"
            )

    def _begin(self, request: Aim, reply: Reply) -> None:
        if self._loop.paused:
            raise UserError(PAUSED)
        self._end("somebody else aims now")
        log.warning("aiming: boxes are shown to a user of this device for %d s", request.seconds)
        self._reply, self._untold = reply, True
        self._until_s = time.monotonic() + request.seconds
        self._sights = Sights(self._people, self._tracking, self._privacy.k)
        self._loop.watcher = self._look

    def _look(self, frame: Frame) -> None:
        """A frame was processed: show it, unless the last one was just now."""
        now_s = time.monotonic()
        self._sights.follow(frame)
        if self._reply is None or now_s - self._shown_s < 1 / LOOKS_PER_S:
            return
        self._shown_s = now_s
        left_s = max(round(self._until_s - now_s), 0)
        if not self._reply.send(self._sights.sight(frame, left_s)):
            self._end("nobody looks any more")

    def _end(self, why: str) -> None:
        """Forget all that was kept for showing."""
        reply, self._reply = self._reply, None
        if reply is None:
            return
        self._loop.watcher = None
        del self._sights
        reply.send(Refused(error=why))
        reply.close()
        log.info("aiming has ended: %s", why)


def take_places(reread: Callable[[], Config], orders: Orders, places: str) -> None:
    """Start anew with places that were written; ConfigError where others would be in force."""
    if fingerprint(reread().space) != places:
        raise ConfigError(
            "vision reads other zones and lines than these: it was started with another --config, "
            "or with --set space...; aim with the same --config, and without that --set"
        )
    orders.reload()
