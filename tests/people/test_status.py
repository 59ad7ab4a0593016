"""Vision's line in `systemctl status`, which every user of the machine may read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.config.told import Privacy
from edge.host.notify import NO_FRAMES
from edge.messages.live import VisionSocket
from edge.outbox.outbox import Outbox
from edge.outbox.starts import Starts
from edge.runtime.frame import ViewHealth
from edge.runtime.meter import Meter
from edge.vision import reporter
from edge.vision.orders import Orders
from edge.vision.pause import PauseRecord
from edge.vision.reporter import Disclosure, Reporter

ONE = SimpleNamespace(present=1, attending=1)


def loop() -> SimpleNamespace:
    """A loop that has processed a few frames."""
    return SimpleNamespace(
        paused=False,
        processed=7,
        captured=9,
        restarts=0,
        skipped=0,
        gated=0,
        looks_per_s=5.0,
        view=ViewHealth(),
    )


def telling(tmp_path: Path, seen: SimpleNamespace, privacy: Privacy) -> Reporter:
    """The reporter of a vision with one person in view, under a privacy configuration."""
    disclosure = Disclosure(lambda: None, privacy, Starts(1, 0, 1))  # type: ignore[arg-type, return-value]
    outbox, pause = Outbox(tmp_path / "o.sqlite"), PauseRecord(tmp_path)
    orders = Orders(seen, lambda _: None, lambda: None, outbox, pause)  # type: ignore[arg-type]
    return Reporter(VisionSocket(tmp_path), disclosure, Meter(), ONE, orders)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("privacy", "line"),
    [
        (Privacy(k=1), "1 in view; 7 frames processed"),
        (Privacy(k=5), "watching"),
        (Privacy(k=5, state="exact"), "1 in view; watching"),
        (Privacy(k=1, state="off"), "7 frames processed"),
        (Privacy(k=1, epsilon=1.0), "watching"),
    ],
    ids=["one by one", "folded", "exact", "off", "under noise"],
)
def test_it_tells_no_more_than_the_live_state(tmp_path: Path, privacy: Privacy, line: str):
    """Fewer than k in view are not told, under noise nobody is; nor is what the load was."""
    assert telling(tmp_path, loop(), privacy).in_words() == line


def test_it_says_that_the_camera_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """While a silent camera is opened again and again, nobody must think that all is well."""
    now = SimpleNamespace(s=0.0)
    monkeypatch.setattr(reporter.time, "monotonic", lambda: now.s)
    seen = loop()
    told = telling(tmp_path, seen, Privacy(k=1))
    for now.s in (2.0, 8.0):  # the second health message is the first without new frames
        told._health(now.s)
    assert told.in_words().startswith(f"{NO_FRAMES}; 7 frames")
    seen.captured += 1
    told._health(14.0)
    assert told.in_words().startswith("1 in view")
