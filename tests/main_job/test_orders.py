"""Orders that vision refuses, because carrying them out would lose something."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.config.read import load
from edge.errors import ConfigError
from edge.messages.live import Order
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.vision.orders import Orders, set_window
from edge.vision.pause import PauseRecord
from edge.vision.process import _warn
from tests.publish.support import counts

AREA = "[[0, 0], [1, 0], [1, 1]]"
ZONES = f'[{{name="a", polygon={AREA}}}, {{name="b", polygon={AREA}}}]'
NOWHERE = Path("/proc/self/fdinfo")
"""A folder in which nothing can be made."""


def orders(outbox: Outbox, check=lambda: None) -> Orders:
    loop = SimpleNamespace(paused=False, stopped=False)
    loop.stop = lambda: setattr(loop, "stopped", True)
    return Orders(loop, lambda _length_s: None, check, outbox, PauseRecord(NOWHERE))


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


def test_a_signal_while_the_configuration_is_read_again_ends_vision(tmp_path: Path):
    """Models take seconds to load: who asks the service to stop then is not answered by a start."""

    def stopped_meanwhile() -> None:
        obeying.end()

    with Outbox(tmp_path / FILE_NAME) as outbox:
        obeying = orders(outbox, stopped_meanwhile)
        assert obeying.answer(Order(id=1, verb="reload")).error is None
        assert not obeying.restart
        assert obeying.loop.stopped


class Lengths(list):
    """Stands for the census: remembers the lengths that it was given."""

    set_length = list.append


@pytest.mark.parametrize(
    ("k", "length_s", "taken"), [(1, 1.0, True), (5, 1.0, False), (5, 59.9, False), (5, 60.0, True)]
)
def test_a_window_shorter_than_the_threshold_allows_is_refused(k, length_s, taken, tmp_path):
    """A second's window with one visitor in it would be that visitor's stay."""
    config, census = load(None, [f"privacy.k={k}"]), Lengths()
    with Outbox(tmp_path / FILE_NAME) as outbox:
        loop = SimpleNamespace(paused=False)
        setting = partial(set_window, config, census)
        obeying = Orders(loop, setting, lambda: None, outbox, PauseRecord(tmp_path))
        error = obeying.answer(Order(id=1, verb="window", length_s=length_s)).error
    assert (error is None) == taken == (census == [length_s])
    assert taken or "a window is at least 60 s long (privacy.window_min_s)" in str(error)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["window.length_s=1"], ""),
        (["window.length_s=1", "privacy.k=5"], "window.length_s = 1 is raised to 60"),
        ([f"space.zones={ZONES}"], ""),
        ([f"space.zones={ZONES}", "privacy.k=5"], "the zones a and b overlap"),
    ],
    ids=["short at 1", "short", "zones at 1", "zones"],
)
def test_what_is_not_as_configured_is_said_once(keys, said, caplog):
    """In the log, at the start: an installed device must not stop over it."""
    _warn(load(None, keys))
    assert [record.getMessage().startswith(said) for record in caplog.records] == [True] * bool(
        said
    )
