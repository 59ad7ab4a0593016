"""Windows of every kind, for tests that compare what stores make of them."""

from __future__ import annotations

from typing import Any

from tests.hub.support import window
from tests.publish.support import counts

UNTOLD: dict[str, Any] = {
    key: None
    for key in counts().__struct_fields__
    if key.startswith(("female", "male", "age_")) or key in ("gender_unknown", "frames_seen")
} | {"folding": "rounding:5"}
"""What a window with fewer people than the threshold does not tell."""

NO_TIME = "1970-01-01T00:00:00.000Z"

WINDOWS = [
    *(window(n, timezone="+01:00") for n in (0, 1, 2, 5, 6, 59, 60, 1_380, 1_440)),
    window(3, timezone="-08:00", observed_s=12.25, places={"line_a_in": 4, "zone_b_people": None}),
    window(4, places={"line_a_in": 1}, est_female=1.25, view_dark=True),
    window(7, **UNTOLD, people=2),
    window(8, clock_synced=False, start="1970-01-01T00:00:05.000Z", end="1970-01-01T00:01:05.000Z"),
    window(9, lost=True, people=0, start=NO_TIME, window_s=0.0, observed_s=0.0),
    window(10, folding="noise:1", passers=3, not_faces=1),
    window(9, device="till", seq=2**53),
    window(0, device="till"),
    window(0, numbering="f" * 12),
    window(0, site="other", start="9998-12-31T23:58:00.000Z", end="9998-12-31T23:59:00.000Z"),
]
