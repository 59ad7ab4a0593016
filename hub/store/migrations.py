"""The steps from an empty database to this release's tables, in order; none is ever taken back.

A released step is never edited: a change is a new step. The table `schema_version` has a row for
each step that was taken.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Literal, NamedTuple

from hub.errors import StoreError

Engine = Literal["sqlite", "postgresql"]


class Step(NamedTuple):
    """One file of SQL below `hub/store/sql`: an engine's own, or both engines'."""

    version: int
    name: str
    common: bool = False

    def text(self, engine: Engine) -> str:
        """Its statements."""
        folder = "common" if self.common else engine
        text = _sql(f"{folder}/{self.version:04d}_{self.name}.sql")
        return _REPLACED.sub(r"DROP VIEW \1;\nCREATE VIEW \1", text) if engine == "sqlite" else text


_REPLACED = re.compile(r"CREATE OR REPLACE VIEW (\w+)")
"""PostgreSQL's words, which keep what others were granted on the view; SQLite has none for it."""

STEPS = (
    Step(1, "windows"),
    Step(2, "views", common=True),
    Step(3, "groups", common=True),
    Step(4, "numberings"),
    Step(5, "asked", common=True),
)
NEWEST = STEPS[-1].version


def roles() -> str:
    """SQL that makes PostgreSQL's two roles with few rights."""
    return _sql("postgresql/roles.sql")


def due(version: int) -> tuple[Step, ...]:
    """The steps that a store at `version` lacks; StoreError where it is a newer release's."""
    if version > NEWEST:
        raise StoreError(
            f"the store has tables of version {version}, this release knows {NEWEST}: "
            "install the newer release again"
        )
    return STEPS[version:]


def _sql(path: str) -> str:
    return files("hub.store").joinpath("sql", *path.split("/")).read_text(encoding="utf-8")
