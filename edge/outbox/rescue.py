"""A corrupt outbox: what can still be read is taken along into a new one."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigError
from edge.messages.counts import CountsHead
from edge.outbox import damage, table, upgrade
from edge.outbox.file import Kind, Rescued

log = logging.getLogger(__name__)


LOST_MAX = 1_000
"""At most so many windows behind the last one saved are told as lost, one by one."""


class Salvage(NamedTuple):
    """What a corrupt file still gave: windows, and the numbers kept beside them.

    `old`: it was of the message's first schema.
    """

    windows: list[CountsHead]
    tallies: dict[str, int]
    old: bool = False


def refuse_newer(path: Path) -> None:
    """ConfigError where a newer release made the file, which an older one would only damage."""
    layout = damage.newer(path, table.LAYOUT)
    if layout:
        raise ConfigError(
            f"paths.state = {path.parent}: {path.name} was written by a newer agender-edge (layout "
            f"{layout}, this one knows {table.LAYOUT}): install that version again, or move the "
            "file away, with the windows that wait in it"
        )


def check(connection: sqlite3.Connection) -> None:
    """CorruptError where the file's structure is damaged, or holds what none of ours does."""
    damage.check(connection, table.TABLES)


def prepare(connection: sqlite3.Connection) -> None:
    """Check the file and make, or convert, its tables."""
    check(connection)
    upgrade.create(connection)


def salvage(path: Path) -> Salvage:
    """Read what can be read."""
    windows: list[CountsHead] = []
    tallies: dict[str, int] = {}
    old = False
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = table.text
    try:
        tallies = table.read_tallies(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        log.debug("outbox: no counters: %s", error)
    try:
        old = upgrade.is_schema_1(connection)
        windows.extend(table.select(connection, 0, -1, any_layout=True))
    except (sqlite3.Error, ValueError, TypeError) as error:
        log.debug("outbox: no further windows: %s", error)
    finally:
        connection.close()
    return Salvage(windows, tallies, old)


def restore(connection: sqlite3.Connection, saved: Salvage) -> None:
    """Put it into a new file. What can't be had back is told as lost, under its own number.

    Windows wait as a run of neighbours, so that those missing among the saved ones, and up to the
    next number, are known. Where the counter or the numbering itself could not be read, the new
    file keeps its own numbering: no window of before can be meant by a number under it.
    """
    with table.transaction(connection):
        known = saved.tallies.get("next_seq", 0) and saved.tallies.get("numbering", 0)
        tallies = saved.tallies | {"set_aside": saved.tallies.get("set_aside", 0) + 1}
        for name, value in tallies.items():
            if known or name not in ("next_seq", "numbering"):
                table.write_tally(connection, name, value)
        damaged = [counts.seq for counts in saved.windows if not _restored(connection, counts)]
        if saved.old:
            upgrade.convert(connection)
        seqs = [counts.seq for counts in saved.windows]
        newest = max(seqs, default=0)
        if known and seqs:
            following = saved.tallies["next_seq"]
            damaged += sorted({*range(min(seqs), min(following, newest + LOST_MAX))} - {*seqs})
        for seq in damaged:
            table.insert_lost(connection, seq, table.numbering(connection))
        if newest >= table.read_tally(connection, "next_seq"):
            table.write_tally(connection, "next_seq", newest + 1)


def _restored(connection: sqlite3.Connection, counts: CountsHead) -> bool:
    """Whether a window could be stored; where not, nothing of it is."""
    try:
        table.insert(connection, counts, counts.seq)
    except sqlite3.IntegrityError as error:
        log.warning("outbox: window %d is damaged: %s", counts.seq, error)
        connection.execute("DELETE FROM windows WHERE seq = ?", (counts.seq,))
        return False
    return True


def _rescued(path: Path) -> Rescued:
    saved = salvage(path)
    return Rescued(lambda new: restore(new, saved), f"{len(saved.windows)} windows saved")


OUTBOX = Kind("outbox", refuse_newer, prepare, _rescued)
"""What `edge.outbox.file` needs to know of an outbox."""
