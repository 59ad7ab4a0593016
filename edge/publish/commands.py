"""Requests over MQTT: checked, carried out or handed to vision, and always answered.

No verb returns or stores a picture. What isn't understood is answered with an error and has no
effect. Each kind has a budget, and so have the answers; a flood is cut off before it costs memory,
log lines or writes to the disk.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, NamedTuple, cast

import msgspec
from msgspec import Struct

from edge.bucket import Bucket
from edge.config.commands import VERBS
from edge.errors import ConfigError
from edge.messages.fields import sentence, timestamp
from edge.messages.live import Answer, Order
from edge.messages.messages import Request, Response, Transaction, WindowRequest
from edge.messages.unreadable import UNREADABLE
from edge.publish.budget import ANSWERS, BUDGETS

log = logging.getLogger("commands")

MAX_BYTES = 4_096
MAX_WAITING = 16
ANSWER_S = 5.0
"""How long vision may take to answer an order."""
SAY_S = 60.0
"""Refusals of one kind are logged this often at most."""

Result = dict[str, Any]
Verb = Literal["pause", "resume", "window", "reload"]

VISION_VERBS: dict[str, type[Request]] = {
    "pause": Request,
    "resume": Request,
    "window": WindowRequest,
    "reload": Request,
}
OWN_VERBS = tuple(verb for verb in VERBS if verb not in VISION_VERBS)


class Reply(NamedTuple):
    """A response and the verb under which it goes out."""

    verb: str
    response: Response


Answered = Callable[[Reply], object]
"""Takes the answer to a request."""


class _Asked(NamedTuple):
    verb: str
    transaction: str | None
    reply: Answered


class _Waiting(NamedTuple):
    asked: _Asked
    until_s: float


class _Envelope(Struct):
    """Just the transaction, out of a request that is wrong otherwise."""

    transaction: Transaction | None = None


class Hooks(NamedTuple):
    """What commands act through.

    `order` hands an order to vision and tells whether it is there; `own` answers the verbs of
    the publisher; `reply` publishes; `check` may refuse a verb before it is handed on, by a
    ConfigError; `done` hears of each verb that vision has carried out.
    """

    order: Callable[[Order], bool]
    own: Mapping[str, Callable[[], Result]]
    reply: Callable[[Reply], None]
    check: Callable[[str], None] = lambda _verb: None
    done: Callable[[str], None] = lambda _verb: None


class Commands:
    """Requests in, replies out."""

    def __init__(
        self,
        hooks: Hooks,
        *,
        allowed: Collection[str] = VERBS,
        wall: Callable[[], float] = time.time,
        just_reloaded: bool = False,
    ) -> None:
        """`allowed`: the verbs that are carried out. `just_reloaded`: `reload` has to wait."""
        self._hooks, self._allowed, self._wall = hooks, frozenset(allowed), wall
        self._waiting: dict[int, list[_Waiting]] = {}
        self._next_id = 1
        self._buckets = {
            verb: Bucket(budget, empty=just_reloaded and verb == "reload")
            for verb, budget in BUDGETS.items()
        }
        self._answers = Bucket(ANSWERS)
        self._said_s: dict[str, float] = {}
        self._now_s = 0.0
        self.refused = 0

    def handle(
        self, verb: str, payload: bytes, *, retained: bool, now_s: float,
        reply: Answered | None = None,
    ) -> None:  # fmt: skip
        """Carry out one request, or say why not; without `reply` the answer is published."""
        self._now_s = now_s
        asked = _Asked(verb, _transaction_of(payload), reply or self._publish)
        error = _shape_error(verb, payload, retained=retained) or self._not_now(verb)
        if error is not None:
            self._refuse(asked, error)
        elif verb in VISION_VERBS:
            self._hand_on(asked, payload)
        else:
            self._reply(asked, result=self._hooks.own[verb]())

    def answered(self, answer: Answer) -> None:
        """Vision has carried out an order, or could not."""
        for waiting in self._waiting.pop(answer.id, []):
            if answer.error is not None:
                self._refuse(waiting.asked, answer.error)
                continue
            self._reply(waiting.asked, result={})
            self._hooks.done(waiting.asked.verb)

    def step(self, now_s: float) -> None:
        """Answer for vision where it kept silent."""
        self._now_s = now_s
        for order_id, waiting in list(self._waiting.items()):
            if now_s >= waiting[0].until_s:
                del self._waiting[order_id]
                for each in waiting:
                    self._refuse(each.asked, "vision did not answer in time")

    def _not_now(self, verb: str) -> str | None:
        """Why a right request is not carried out: it is not allowed, or asked too often."""
        if verb not in self._allowed:
            return f"{verb} is not among the requests that commands.verbs of this device allows"
        if verb in self._buckets and not self._buckets[verb].take(self._now_s):
            return f"{verb} is asked too often: once in {BUDGETS[verb].every_s:g} s is carried out"
        return None

    def _hand_on(self, asked: _Asked, payload: bytes) -> None:
        verb = asked.verb
        request = msgspec.json.decode(payload or b"{}", type=VISION_VERBS[verb])
        waiting = _Waiting(asked, self._now_s + ANSWER_S)
        if verb == "pause" and self._joins_a_pause(waiting):
            return
        if len(self._waiting) >= MAX_WAITING:
            self._refuse(asked, "too many requests wait for an answer")
            return
        try:
            self._hooks.check(verb)
        except ConfigError as error:
            self._refuse(asked, str(error))
            return
        length_s = request.length_s if isinstance(request, WindowRequest) else None
        order = Order(id=self._next_id, verb=cast(Verb, verb), length_s=length_s)
        self._next_id += 1
        if not self._hooks.order(order):
            self._refuse(asked, "vision is not running")
            return
        log.info("%s is asked of vision", verb)
        self._waiting[order.id] = [waiting]

    def _joins_a_pause(self, pause: _Waiting) -> bool:
        """Whether a pause is under way already, whose answer is this one's too."""
        for waiting in self._waiting.values():
            if waiting[0].asked.verb == "pause":
                if len(waiting) < MAX_WAITING:
                    waiting.append(pause)
                else:
                    self.refused += 1
                return True
        return False

    def _refuse(self, asked: _Asked, error: str) -> None:
        self.refused += 1
        error = sentence(error)
        kind = asked.verb if asked.verb in VERBS else "invalid"
        if self._now_s - self._said_s.get(kind, -SAY_S) >= SAY_S:
            self._said_s[kind] = self._now_s
            log.warning("the request %s is refused, and others like it: %s", asked.verb, error)
        self._reply(asked, error=error)

    def _reply(
        self, asked: _Asked, *, error: str | None = None, result: Result | None = None
    ) -> None:
        response = Response(
            time=timestamp(self._wall()),
            transaction=asked.transaction,
            status="ok" if error is None else "error",
            error=error,
            result=result,
        )
        asked.reply(Reply(asked.verb, response))

    def _publish(self, reply: Reply) -> None:
        if self._answers.take(self._now_s):
            self._hooks.reply(reply)


def _shape_error(verb: str, payload: bytes, *, retained: bool) -> str | None:
    """Why a request can't be carried out, before anything is done."""
    if verb not in VERBS:
        return f"there is no such request; there are {', '.join(VERBS)}"
    if retained:
        return "a retained request would be carried out again and again; send it unretained"
    if len(payload) > MAX_BYTES:
        return f"a request has at most {MAX_BYTES} bytes"
    try:
        msgspec.json.decode(payload or b"{}", type=VISION_VERBS.get(verb, Request))
    except UNREADABLE as error:
        return f"the request is malformed: {str(error)[:200]}"
    return None


def _transaction_of(payload: bytes) -> str | None:
    if len(payload) > MAX_BYTES:
        return None
    try:
        return msgspec.json.decode(payload or b"{}", type=_Envelope).transaction
    except UNREADABLE:
        return None
