"""Stage times are exclusive and add up."""

from __future__ import annotations

from edge.runtime.meter import Meter


def test_a_stage_inside_another_is_counted_once():
    """Each second belongs to the innermost stage; `take` starts anew."""
    now = iter([0, 1, 3, 6, 10, 15, 21, 22])
    meter = Meter(lambda: next(now))
    with meter.stage("track"), meter.stage("crop"):  # rest 0..1, track 1..3, crop 3..6
        pass  # track again 6..10
    meter.frames = 2
    frames, spent = meter.take()  # rest 10..15
    assert frames == 2
    assert spent == {"rest": 1 + 5, "track": 2 + 4, "crop": 3}
    assert meter.take() == (0, {"rest": 6})
