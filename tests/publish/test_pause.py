"""A privacy pause outlives a crash: it is kept where the windows are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.config import Config
from edge.live import Order
from edge.outbox import Outbox
from edge.reporter import Orders


def orders_of(outbox: Outbox) -> tuple[Orders, Any]:
    """Vision's orders around a loop that only knows whether it is paused."""
    loop = SimpleNamespace(paused=False)
    return Orders(loop, lambda _length_s: None, Config, outbox), loop  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_the_pause_is_as_it_was_after_a_restart(tmp_path: Path, verb: str) -> None:
    """Whatever was ordered last holds when vision starts again."""
    with Outbox(tmp_path / "o.sqlite") as outbox:
        orders, _ = orders_of(outbox)
        assert orders.answer(Order(id=1, verb="pause")).error is None
        assert orders.answer(Order(id=2, verb=verb)).error is None
    with Outbox(tmp_path / "o.sqlite") as outbox:
        _, loop = orders_of(outbox)
        assert loop.paused is (verb == "pause")


def test_a_pause_that_can_t_be_kept_holds_for_now_and_says_so(tmp_path: Path) -> None:
    """On a disk that takes nothing, the camera is closed all the same."""
    (tmp_path / "file").write_text("")
    orders, loop = orders_of(Outbox(tmp_path / "file" / "o.sqlite"))
    answer = orders.answer(Order(id=1, verb="pause"))
    assert loop.paused
    assert "until the next start only" in str(answer.error)
