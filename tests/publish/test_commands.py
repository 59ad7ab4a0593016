"""Requests and responses: what is obeyed, what is refused, what has no effect."""

from __future__ import annotations

from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.messages.live import Answer, Order
from edge.messages.schemas import message_schemas
from edge.publish.budget import ANSWERS, BUDGETS
from edge.publish.commands import ANSWER_S, MAX_BYTES, OWN_VERBS, VERBS, Commands, Hooks, Reply


class Desk:
    """Commands with a vision that obeys (or is away) and a record of all that happened."""

    def __init__(self, *, vision_there: bool = True, **more: Any) -> None:
        self.orders: list[Order] = []
        self.replies: list[Reply] = []
        self.vision_there = vision_there
        self.told: list[str] = []
        own = {verb: lambda verb=verb: self.told.append(verb) or {} for verb in OWN_VERBS}
        hooks = Hooks(self._order, own, self.replies.append)
        self.commands = Commands(hooks, wall=lambda: 0.0, **more)

    def _order(self, order: Order) -> bool:
        self.orders.append(order)
        return self.vision_there

    def ask(self, verb: str, payload: bytes, *, retained: bool = False, now_s: float = 0.0) -> None:
        self.commands.handle(verb, payload, retained=retained, now_s=now_s)

    @property
    def last(self) -> tuple[str, str, str | None, str | None]:
        verb, response = self.replies[-1]
        return verb, response.status, response.transaction, response.error


@pytest.mark.parametrize(
    ("verb", "payload", "length_s"),
    [
        ("pause", b'{"transaction":"t1"}', None),
        ("resume", b'{"transaction":"t1"}', None),
        ("window", b'{"transaction":"t1","length_s":30}', 30.0),
        ("reload", b'{"transaction":"t1"}', None),
    ],
)
def test_vision_s_verbs_are_handed_on_and_answered_when_it_answers(
    verb: str, payload: bytes, length_s: float | None
) -> None:
    """The order carries what was asked; the response comes with the caller's transaction."""
    desk = Desk()
    desk.ask(verb, payload)
    assert desk.replies == []
    assert desk.orders == [Order(id=1, verb=verb, length_s=length_s)]
    desk.commands.answered(Answer(id=1))
    assert desk.last == (verb, "ok", "t1", None)


def test_what_vision_can_t_do_is_answered_with_its_reason() -> None:
    """An error from vision reaches the caller in vision's words."""
    desk = Desk()
    desk.ask("reload", b'{"transaction":"x"}')
    desk.commands.answered(Answer(id=1, error="window.length_s = 0: expected at least 1"))
    assert desk.last == ("reload", "error", "x", "window.length_s = 0: expected at least 1")


def test_a_silent_vision_is_answered_for() -> None:
    """A request is answered in any case; a late answer from vision doesn't answer it twice."""
    desk = Desk()
    desk.ask("pause", b"")
    desk.commands.step(ANSWER_S - 0.1)
    assert desk.replies == []
    desk.commands.step(ANSWER_S)
    desk.commands.answered(Answer(id=1))
    assert [reply.response.error for reply in desk.replies] == ["vision did not answer in time"]


def test_without_vision_the_caller_is_told_at_once() -> None:
    """Nobody waits for a process that isn't there."""
    desk = Desk(vision_there=False)
    desk.ask("pause", b"")
    assert desk.last == ("pause", "error", None, "vision is not running")


@pytest.mark.parametrize(
    ("verb", "payload", "said"),
    [
        ("picture", b"{}", "there is no such request"),
        ("invalid", b"{}", "there is no such request"),
        ("pause", b"not json", "malformed"),
        ("pause", b"[]", "malformed"),
        ("pause", b'{"length_s": 5}', "unknown field"),
        ("pause", b'{"transaction": 5}', "malformed"),
        ("pause", b'{"transaction": "\\u001b[2J"}', "malformed"),
        ("pause", b"\xff\xfe", "malformed"),
        ("pause", b"[" * 4000, "malformed"),
        ("pause", b" " * (MAX_BYTES + 1), f"at most {MAX_BYTES} bytes"),
        ("window", b"{}", "length_s"),
        ("window", b'{"length_s": 0}', ">= 1"),
        ("window", b'{"length_s": 1e999}', "malformed"),
        ("window", b'{"length_s": "60"}', "malformed"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_obeyed(
    verb: str, payload: bytes, said: str
) -> None:
    """The answer names what is wrong; vision hears nothing."""
    desk = Desk()
    desk.ask(verb, payload)
    assert desk.orders == []
    assert desk.last[1] == "error"
    assert said in str(desk.last[3])


def test_a_retained_request_is_refused() -> None:
    """Obeyed, it would be carried out again at every connect."""
    desk = Desk()
    desk.ask("pause", b'{"transaction":"t"}', retained=True)
    assert desk.orders == []
    assert desk.last[:3] == ("pause", "error", "t")


@pytest.mark.parametrize("verb", sorted(BUDGETS))
def test_a_kind_of_request_is_carried_out_within_its_budget(verb: str) -> None:
    """A burst at once, then one each time its interval has passed; the rest has no effect."""
    burst, every_s = BUDGETS[verb]
    desk = Desk()
    payload = b'{"length_s": 60}' if verb == "window" else b""

    def carried_out(*times_s: float) -> int:
        for now_s in times_s:
            desk.ask(verb, payload, now_s=now_s)
            desk.commands.step(now_s + ANSWER_S)  # no order is waited for
        return len(desk.orders) + len(desk.told)

    assert carried_out(*[1.0] * 1000) == burst
    assert carried_out(*[2.0 + second for second in range(600)]) == burst + int(600 / every_s)


def test_what_is_asked_too_often_is_told_so_until_the_answers_run_out() -> None:
    """Nobody is left wondering, and a flood costs nothing beyond that."""
    desk = Desk()
    for _ in range(1000):
        desk.ask("reload", b'{"transaction":"t"}', now_s=1.0)
    errors = [str(reply.response.error) for reply in desk.replies]
    assert "reload is asked too often: once in 60 s" in errors[-1]
    assert len(errors) == ANSWERS.burst
    assert desk.commands.refused == 999
    desk.ask("reload", b"", now_s=2.0)
    assert len(desk.replies) == ANSWERS.burst + 1


def test_no_flood_of_others_keeps_a_pause_from_being_obeyed() -> None:
    """Nor do pauses themselves: while one is under way others wait for the same answer."""
    desk = Desk()
    for verb in (*BUDGETS, "picture"):
        for _ in range(200):
            desk.ask(verb, b'{"length_s": 60}' if verb == "window" else b"", now_s=1.0)
    orders = len(desk.orders)
    for _ in range(200):
        desk.ask("pause", b"", now_s=1.0)
    assert [order.verb for order in desk.orders[orders:]] == ["pause"]
    desk.commands.answered(Answer(id=desk.orders[-1].id))
    desk.ask("pause", b"", now_s=1.1)
    assert [order.verb for order in desk.orders[orders:]] == ["pause", "pause"]


def test_pauses_that_wait_together_are_answered_each() -> None:
    """Each under its own transaction."""
    desk = Desk()
    desk.ask("pause", b'{"transaction":"a"}')
    desk.ask("pause", b'{"transaction":"b"}')
    desk.commands.answered(Answer(id=desk.orders[0].id))
    assert [reply.response.transaction for reply in desk.replies] == ["a", "b"]


def test_a_start_after_a_reload_takes_no_second_one_at_once() -> None:
    """The budget must not begin anew with the process that it starts."""
    desk = Desk(just_reloaded=True)
    desk.ask("reload", b"", now_s=5.0)
    assert desk.orders == []
    desk.ask("reload", b"", now_s=65.0)
    assert [order.verb for order in desk.orders] == ["reload"]


def test_only_the_allowed_requests_are_carried_out() -> None:
    """commands.verbs; the answer names the key."""
    desk = Desk(allowed=("pause", "resume"))
    desk.ask("reload", b"")
    assert "commands.verbs" in str(desk.last[3])
    desk.ask("pause", b"")
    assert [order.verb for order in desk.orders] == ["pause"]


def test_refusals_are_logged_once_a_kind_and_minute(caplog: pytest.LogCaptureFixture) -> None:
    """However a flood varies what is wrong with it."""
    desk = Desk()
    for number in range(500):
        desk.ask("pause", b"[" * number + b"1", now_s=number / 100)
        desk.ask(f"nonsense-{number}", b"", now_s=number / 100)
    assert len([r for r in caplog.records if "refused" in r.getMessage()]) == 2


WITHIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
HOSTILE = st.one_of(
    st.binary(max_size=200),
    WITHIN_JSON.map(lambda value: msgspec.json.encode(_json_able(value))),
    st.fixed_dictionaries(
        {},
        optional={"transaction": WITHIN_JSON, "length_s": WITHIN_JSON, "path": st.text(max_size=9)},
    ).map(lambda value: msgspec.json.encode(_json_able(value))),
)


def _json_able(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.encode("utf-8", "replace").decode(): _json_able(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_json_able(part) for part in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


VERB = st.sampled_from((*VERBS, "invalid")) | st.from_regex(r"[a-z][a-z-]{0,31}", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(verb=VERB, payload=HOSTILE, retained=st.booleans())
def test_any_request_gets_one_valid_answer_or_is_an_order(
    verb: str, payload: bytes, retained: bool
) -> None:
    """Whatever comes: no exception, and either one order for vision or one valid response."""
    desk = Desk()
    desk.ask(verb, payload, retained=retained)
    assert len(desk.orders) + len(desk.replies) == 1
    for order in desk.orders:
        assert order.verb == verb
        assert order.length_s is None or 1 <= order.length_s <= 86_400
    for reply in desk.replies:
        response = msgspec.json.decode(msgspec.json.encode(reply.response))
        jsonschema.validate(response, message_schemas()["response"])
