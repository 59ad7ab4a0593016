"""Requests over MQTT: checked, carried out or handed to vision, and always answered.

No verb returns or stores a picture. What isn't understood is answered with an error and has no
effect; a flood is cut off before it costs memory.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, cast

import msgspec
from msgspec import Struct

from edge.errors import ConfigError
from edge.live import Answer, Order
from edge.messages import Request, Response, Transaction, WindowRequest, timestamp

log = logging.getLogger("commands")

MAX_BYTES = 4_096
MAX_WAITING = 16
ANSWER_S = 5.0
"""How long vision may take to answer an order."""
RATE_PER_S, BURST = 10.0, 20.0

Result = dict[str, Any]
Verb = Literal["pause", "resume", "window", "reload"]

VISION_VERBS: dict[str, type[Request]] = {
    "pause": Request,
    "resume": Request,
    "window": WindowRequest,
    "reload": Request,
}
OWN_VERBS = ("identify", "snapshot-health", "outbox")
VERBS = (*VISION_VERBS, *OWN_VERBS)


class Reply(NamedTuple):
    """A response and the verb under which it goes out."""

    verb: str
    response: Response


class _Waiting(NamedTuple):
    verb: str
    transaction: str | None
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

    def __init__(self, hooks: Hooks, wall: Callable[[], float] = time.time) -> None:
        self._hooks, self._wall = hooks, wall
        self._waiting: dict[int, _Waiting] = {}
        self._next_id = 1
        self._tokens, self._tokens_at_s = BURST, 0.0
        self._flooded = False
        self.refused = 0

    def handle(self, verb: str, payload: bytes, *, retained: bool, now_s: float) -> None:
        """Carry out one request, or say why not."""
        if not self._admitted(now_s):
            self.refused += 1
            return
        transaction = _transaction_of(payload)
        error = _shape_error(verb, payload, retained=retained)
        if error is not None:
            self._refuse(verb, transaction, error)
        elif verb in VISION_VERBS:
            self._hand_on(verb, payload, transaction, now_s)
        else:
            self._answer(verb, transaction, result=self._hooks.own[verb]())

    def answered(self, answer: Answer) -> None:
        """Vision has carried out an order, or could not."""
        waiting = self._waiting.pop(answer.id, None)
        if waiting is None:
            return
        if answer.error is None:
            self._answer(waiting.verb, waiting.transaction, result={})
            self._hooks.done(waiting.verb)
        else:
            self._refuse(waiting.verb, waiting.transaction, answer.error)

    def step(self, now_s: float) -> None:
        """Answer for vision where it kept silent."""
        for order_id, waiting in list(self._waiting.items()):
            if now_s >= waiting.until_s:
                del self._waiting[order_id]
                self._refuse(waiting.verb, waiting.transaction, "vision did not answer in time")

    def _hand_on(self, verb: str, payload: bytes, transaction: str | None, now_s: float) -> None:
        request = msgspec.json.decode(payload or b"{}", type=VISION_VERBS[verb])
        if len(self._waiting) >= MAX_WAITING:
            self._refuse(verb, transaction, "too many requests wait for an answer")
            return
        try:
            self._hooks.check(verb)
        except ConfigError as error:
            self._refuse(verb, transaction, str(error))
            return
        length_s = request.length_s if isinstance(request, WindowRequest) else None
        order = Order(id=self._next_id, verb=cast(Verb, verb), length_s=length_s)
        self._next_id += 1
        if not self._hooks.order(order):
            self._refuse(verb, transaction, "vision is not running")
            return
        log.info("%s is asked of vision", verb)
        self._waiting[order.id] = _Waiting(verb, transaction, now_s + ANSWER_S)

    def _admitted(self, now_s: float) -> bool:
        """A token bucket: bursts pass, floods don't."""
        gained = max(now_s - self._tokens_at_s, 0.0) * RATE_PER_S
        self._tokens, self._tokens_at_s = min(BURST, self._tokens + gained), now_s
        admitted = self._tokens >= 1.0
        if admitted:
            self._tokens -= 1.0
        elif not self._flooded:
            log.warning("more than %g requests a second: the rest is ignored", RATE_PER_S)
        self._flooded = not admitted
        return admitted

    def _refuse(self, verb: str, transaction: str | None, error: str) -> None:
        self.refused += 1
        log.warning("the request %s is refused: %s", verb, error)
        response = Response(
            time=timestamp(self._wall()), transaction=transaction, status="error", error=error
        )
        self._hooks.reply(Reply(verb, response))

    def _answer(self, verb: str, transaction: str | None, result: Result) -> None:
        response = Response(
            time=timestamp(self._wall()), transaction=transaction, status="ok", result=result
        )
        self._hooks.reply(Reply(verb, response))


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
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"the request is malformed: {str(error)[:200]}"
    return None


def _transaction_of(payload: bytes) -> str | None:
    if len(payload) > MAX_BYTES:
        return None
    try:
        return msgspec.json.decode(payload or b"{}", type=_Envelope).transaction
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
