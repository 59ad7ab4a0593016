"""The configuration of what is told of an audit."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.section import Section


class Audit(Section, frozen=True):
    """What the device tells of a count by hand that `agender-edge audit` held it against."""

    publish: Annotated[
        bool,
        Meta(
            description="Tell the last audit's verdict, its date and the tally's last day in "
            "`info`; `agender-edge audit` on the device leaves them for it."
        ),
    ] = False
