"""`aim --page`: a browser sees what vision shows, by way of the device's own page.

The page may ask neither vision nor write places. It hands on what a browser asks for to this
program, which has the rights of who began it: root on the device, while a message may not tell that
somebody is there. A browser shows by a code that it was begun by the same.
"""

from __future__ import annotations

import hmac
import math
import os
import pwd
import secrets
import select
import time
from pathlib import Path

from edge.aim.keeping import AGAIN_S, keep
from edge.aim.words import clock
from edge.config.tables import Config
from edge.errors import ConfigError, UserError, why
from edge.messages.aim import Aim, Applied, FromPage, Keep, Look, Refused, Shown, Sight
from edge.messages.aim_door import ROOT, AimLine, PageAimDoor
from edge.messages.fields import sentence
from edge.messages.request_door import Asked
from edge.output import say

PAGE_USER = "agender-page"
LEASE_S = 3.0
"""A browser that has not looked for so long is gone, and vision is asked for nothing more."""
STALE_S = 5.0
"""A look that is older is shown no longer."""
TURN_S = 0.2


def show(config: Config, file: Path | None, until_s: float) -> None:
    """Until that time, answer the page; ConfigError where there is none, UserError from vision."""
    if not config.page.enabled:
        raise ConfigError("page.enabled = false: set it to true to aim in a browser")
    try:
        door = PageAimDoor(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {why(error)}") from error
    with door:
        showing = Showing(config, file, until_s)
        try:
            print(showing.address, flush=True)
            say(f"open it on this device, or through ssh -L {config.page.port}:localhost:"
                f"{config.page.port}; it ends in {clock(round(until_s - time.monotonic()))}, "
                "or with Ctrl-C")  # fmt: skip
            while time.monotonic() < until_s:
                _turn(door, showing)
        finally:
            showing.let_go()
    say("ended")


def _turn(door: PageAimDoor, showing: Showing) -> None:
    select.select([door.fileno(), *showing.waiting], [], [], TURN_S)
    showing.hear()
    for asked in door.receive():
        asked.reply.send(showing.answer(asked))
        asked.reply.close()


class Showing:
    """One sitting: a code, vision's last look, and the places in force."""

    def __init__(self, config: Config, file: Path | None, until_s: float) -> None:
        self._config, self._file, self._until_s = config, file, until_s
        self._space = config.space
        self._code = secrets.token_hex(8)
        self._users = {ROOT, os.geteuid(), *_user_of(PAGE_USER)}
        self._line: AimLine | None = None
        self._sight: Sight | None = None
        self._seen_s = self._asked_s = self._starts_anew_s = -math.inf

    @property
    def address(self) -> str:
        """For a browser on this device. What follows # stays in the browser."""
        return f"http://localhost:{self._config.page.port}/aim#{self._code}"

    @property
    def waiting(self) -> list[int]:
        """For select."""
        return [self._line.fileno()] if self._line else []

    def answer(self, asked: Asked[FromPage]) -> Shown | Refused | Applied:
        """What a request is told; no more than a refusal to whoever is not the page, or not ours.

        The folder of the page's sockets is the publisher's too, which has a network.
        """
        if asked.user not in self._users:
            return Refused(error="only the page may ask")
        if not hmac.compare_digest(asked.record.code, self._code):
            return Refused(error="this address is of another aiming; take the one just printed")
        try:
            return self._look() if isinstance(asked.record, Look) else self._keep(asked.record)
        except UserError as error:
            return Refused(error=sentence(str(error)))

    def hear(self) -> None:
        """Take vision's newest look, while somebody looks; UserError where it shows no more."""
        now_s, told = time.monotonic(), None
        if now_s - self._asked_s > LEASE_S:
            self.let_go()
        try:
            while self._line and (told := self._line.receive(0)) is not None:
                if not isinstance(told, Sight):
                    break
                self._sight, self._seen_s = told, now_s
        except UserError:  # the next look asks again, and tells why it can't
            self.let_go()
        if isinstance(told, Refused):
            self.let_go()
            if self._starts_anew_s < now_s < self._until_s - 1:
                raise UserError(told.error)

    def let_go(self) -> None:
        """Have vision show nothing, and forget what it showed."""
        line, self._line, self._sight = self._line, None, None
        if line is not None:
            line.close()

    def _look(self) -> Shown:
        now_s = time.monotonic()
        self._asked_s, left_s = now_s, max(round(self._until_s - now_s), 0)
        if self._line is None:
            try:
                self._line = self._asked(left_s)
            except UserError:
                if now_s > self._starts_anew_s:
                    raise
        fresh = self._sight if now_s - self._seen_s <= STALE_S else None
        return Shown(sight=fresh, space=self._space, ends_in_s=left_s)

    def _asked(self, left_s: int) -> AimLine:
        """Vision, which shows; UserError where it does not."""
        line = AimLine(self._config.paths.runtime, Aim(seconds=max(left_s, 1)))
        try:
            told = line.receive(TURN_S)
        except UserError:
            line.close()
            raise
        if isinstance(told, Sight):
            self._sight, self._seen_s = told, time.monotonic()
        elif isinstance(told, Refused):
            line.close()
            raise UserError(told.error)
        return line

    def _keep(self, asked: FromPage) -> Applied:
        assert isinstance(asked, Keep)
        keep(asked.space, self._file, self._config.paths.runtime)
        self._space, self._starts_anew_s = asked.space, time.monotonic() + AGAIN_S
        self.let_go()
        return Applied()


def _user_of(name: str) -> list[int]:
    try:
        return [pwd.getpwnam(name).pw_uid]
    except KeyError:
        return []
