"""What every table of the configuration file is made of."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Table = dict[str, Any]
"""A table of the file as it was read, before it is checked."""


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the file's tables: immutable, and an unknown key is an error."""


SAFE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$(?!\n)"
SafeName = Annotated[str, Meta(pattern=SAFE_NAME)]
"""A level of a topic, or part of one."""
