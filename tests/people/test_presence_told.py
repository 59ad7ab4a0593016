"""Presence of fewer than the threshold: neither a message nor the live state tells it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from edge.config.told import Privacy
from edge.messages.live import FromVision, PublisherSocket, StateNow
from edge.privacy.presence import in_view
from tests.people.folded import (
    message,
)


@pytest.mark.parametrize(
    ("people", "present_max", "most"),
    [(0, 0, None), (1, 1, None), (0, 9, None), (6, 0, None), (6, 4, None), (6, 5, 5)],
    ids=["nobody", "one", "stay on", "left before", "few at once", "enough"],
)
def test_presence_of_few_is_not_told(people: int, present_max: int, most: int | None):
    """Nobody in view looks like few in view; and mean presence is not told at all.

    With it the sixth visitor's stay was 60 · (1.667 + 2.788) − 5 · 50 = 17.30 s over two windows.
    """
    told = message({("female", "25_34"): people} if people else {}, 5,
                   present_max=present_max, present_mean=0.5)  # fmt: skip
    assert (told["present_mean"], told["present_max"]) == (None, most)
    alone = message({("female", "25_34"): 1}, 1, present_max=1, present_mean=0.5)
    assert (alone["present_mean"], alone["present_max"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("k", "state", "raw", "told"),
    [
        (1, "folded", (0, 0), (0, 0)),
        (1, "folded", (1, 1), (1, 1)),
        (5, "folded", (0, 0), (None, None)),
        (5, "folded", (4, 4), (None, None)),
        (5, "folded", (5, 5), (5, None)),
        (5, "folded", (5, 0), (5, None)),
        (5, "folded", (6, 6), (6, 6)),
        (5, "folded", (6, 0), (6, 0)),
        (5, "folded", (9, 4), (9, None)),
        (5, "folded", (9, 5), (9, None)),
        (5, "folded", (10, 5), (10, 5)),
        (5, "exact", (1, 1), (1, 1)),
    ],
)
def test_the_live_state_does_not_tell_of_few(k, state, raw, told):
    """Not that somebody came or left, nor how few look, or look away; exact only if asked."""
    assert in_view(Privacy(k=k, state=state), *raw) == told


@pytest.mark.parametrize("k", range(2, 7))
def test_no_live_state_shows_few_even_by_what_it_withholds(k: int):
    """A reader lists all that may be in view: no withheld number is bound to 1 … k − 1."""
    worlds: dict = {}
    for present, attending in itertools.product(range(3 * k), repeat=2):
        if attending <= present:
            told = in_view(Privacy(k=k), present, attending)
            worlds.setdefault(told, []).append((present, attending))
    for possible in worlds.values():
        for group in (lambda p, a: p, lambda p, a: a, lambda p, a: p - a):
            assert not all(0 < group(*world) < k for world in possible)


def crossing(folder: Path, clip: Path, *settings: str) -> list[FromVision]:
    """What crosses the live to the publisher when a real vision process looks at the clip."""
    given = (
        f"paths.runtime={folder}", f"paths.state={folder}", "detector.model=near", *settings
    )  # fmt: skip
    chosen = [part for setting in given for part in ("--set", setting)]
    command = [sys.executable, "-m", "edge", "vision", "--source", str(clip), *chosen]
    with PublisherSocket(folder) as live:
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        return live.receive()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("privacy.k=2",), {None}),
        (("privacy.k=2", "privacy.state=exact"), {0, 1}),
        (("privacy.state=off",), set()),
    ],
    ids=["folded", "exact", "off"],
)
def test_the_door_itself_is_passed_by_folded_presence_only(settings, told, tmp_path, demo_clip):
    """One person comes and goes in the clip: with k = 2 nothing of it leaves vision."""
    records = crossing(tmp_path, demo_clip, *settings)
    assert {record.state.present for record in records if isinstance(record, StateNow)} == told
