"""Where windows are kept: SQLite beside the program, or PostgreSQL by its address."""

from __future__ import annotations

from hub.errors import StoreError
from hub.store.base import Store, is_postgresql

__all__ = ["Store", "open_store"]


def open_store(address: str, *, reading: bool = False) -> Store:
    """The store at a path or a `postgresql://` address, brought up to date unless for `reading`.

    StoreError where it can't be opened, is newer than this release, or lacks what its owner must
    make.
    """
    if is_postgresql(address):
        try:
            from hub.store.postgresql import PostgresStore  # noqa: PLC0415 - an extra of its own
        except ImportError as error:
            raise StoreError(
                f"PostgreSQL needs psycopg ({error}): pip install 'agender-edge[hub]'"
            ) from error
        return PostgresStore(address, reading=reading)
    from hub.store.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(address, reading=reading)
