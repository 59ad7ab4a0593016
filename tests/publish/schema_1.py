"""An outbox as the first schema's release has left it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

SCHEMA_1 = Path(__file__).with_name("outbox_schema_1.sql")
"""Made by the release before: three windows wait, the second folded under k = 5; it is paused."""


def filled_under_schema_1(path: Path) -> Path:
    """Make such an outbox at a path."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(SCHEMA_1.read_text())
    database.close()
    return path
