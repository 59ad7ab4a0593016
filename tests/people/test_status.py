"""Vision's line in `systemctl status`, which every user of the machine may read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import reporter
from edge.anonymity import in_view
from edge.config_people import Privacy
from edge.host.notify import NO_FRAMES
from edge.live import VisionDoor
from edge.outbox import Outbox
from edge.reporter import Orders, Reporter, Voice
from edge.runtime.meter import Meter
from edge.starts import Starts

ONE = SimpleNamespace(present=1, attending=1)


def loop() -> SimpleNamespace:
    """A loop that has processed a few frames."""
    return SimpleNamespace(
        paused=False, processed=7, captured=9, restarts=0, skipped=0, gated=0, detect_fps_max=5.0
    )


def telling(
    tmp_path: Path, seen: SimpleNamespace, privacy: Privacy, *, noisy: bool = False
) -> Reporter:
    """The reporter of a vision with one person in view, under a privacy configuration."""
    voice = Voice(lambda: None, partial(in_view, privacy), Starts(1, 0, 1),
                  (lambda: 0.5) if noisy else None)  # type: ignore[arg-type, return-value]  # fmt: skip
    orders = Orders(seen, lambda _: None, lambda: None, Outbox(tmp_path / "o.sqlite"))  # type: ignore[arg-type]
    return Reporter(VisionDoor(tmp_path), voice, Meter(), ONE, orders)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("privacy", "noisy", "line"),
    [
        (Privacy(k=1), False, "1 in view; 7 frames processed"),
        (Privacy(k=5), False, "7 frames processed"),
        (Privacy(k=5, state="exact"), False, "1 in view; 7 frames processed"),
        (Privacy(k=1), True, "7 frames processed"),
    ],
    ids=["one by one", "folded", "exact", "under noise"],
)
def test_it_tells_no_more_than_the_live_state(
    tmp_path: Path, privacy: Privacy, noisy: bool, line: str
):
    """Fewer than k in view are not told, and under noise nobody is."""
    assert telling(tmp_path, loop(), privacy, noisy=noisy).in_words() == line


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
