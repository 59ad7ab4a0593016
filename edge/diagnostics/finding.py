"""What a check of the doctor's finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from edge.config.tables import Config


class Finding(NamedTuple):
    """One line of the doctor's: `advice` says what to do about a bad one."""

    subject: str
    state: Literal["good", "bad", "note"]
    text: str
    advice: str = ""


Check = Callable[[Config], Iterator[Finding]]
