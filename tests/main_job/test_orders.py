"""Orders that vision refuses, because carrying them out would lose something."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from edge.errors import ConfigError
from edge.live import Order
from edge.outbox import FILE_NAME, Outbox
from edge.reporter import Orders
from tests.publish.support import counts

NOWHERE = Path("/proc/self/fdinfo")
"""A folder in which nothing can be made."""


def orders(outbox: Outbox, check=lambda: None) -> Orders:
    loop = SimpleNamespace(paused=False, stopped=False)
    loop.stop = lambda: setattr(loop, "stopped", True)
    return Orders(loop, lambda _length_s: None, check, outbox)


def test_a_new_start_is_refused_while_windows_wait_in_memory():
    """They would be lost with the process; the sentence says how many, and what to do."""
    with Outbox(NOWHERE / FILE_NAME) as outbox:
        outbox.append(counts(1))
        obeying = orders(outbox)
        answer = obeying.answer(Order(id=1, verb="reload"))
        assert "1 windows wait in memory" in (answer.error or "")
        assert "make room first" in (answer.error or "")
        assert not obeying.restart
        assert not obeying.loop.stopped
        outbox.give_up()


def test_a_new_start_is_made_where_nothing_is_lost(tmp_path: Path):
    """With a disk that takes everything."""
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(counts(1))
        obeying = orders(outbox)
        assert obeying.answer(Order(id=1, verb="reload")).error is None
        assert obeying.restart
        assert obeying.loop.stopped


def test_a_wrong_configuration_ends_no_running_device(tmp_path: Path):
    """It is read first."""

    def wrong() -> None:
        raise ConfigError("source.fsp: there is no such key")

    with Outbox(tmp_path / FILE_NAME) as outbox:
        obeying = orders(outbox, wrong)
        assert (
            obeying.answer(Order(id=1, verb="reload")).error == "source.fsp: there is no such key"
        )
        assert not obeying.restart
