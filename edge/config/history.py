"""The configuration of what the device keeps of what it told."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.opening import opening
from edge.config.section import Section


class History(Section, frozen=True):
    """Sums of told windows by hour and day, kept on the device for `agender-edge report`."""

    enabled: Annotated[
        bool, Meta(description="Keep them: hours for 400 days, days for five years more.")
    ] = True
    opening_hours: Annotated[
        str,
        Meta(
            max_length=200,
            description="When the place is open, by local time, as "
            '"Mo-Fr 09:00-18:00, Sa 10:00-16:00": of these hours a report says how much the camera '
            "looked. Empty: always.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        opening(self.opening_hours)
