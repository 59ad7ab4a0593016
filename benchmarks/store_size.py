"""How many bytes a window takes on its way and in a store, indexes and keys among them.

    python -m benchmarks.store_size [--devices 20] [--windows 2000] [--json]

Each store is filled with so many windows of each device, ten minutes after ten minutes, and asked
for its size before and after. SQLite is measured after a checkpoint, PostgreSQL by the sizes of its
relations; neither has anything deleted from it. The messages are those of the tests, without
zones and lines. PostgreSQL must be installed, as for the tests.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from hub.store import Store, open_store
from tests.hub.postgres import Postgres
from tests.hub.support import payload, window
from tests.publish.support import health

MINUTES = 10
KINDS = ("counts", "health")
RELATIONS = (
    "SELECT CAST(sum(pg_total_relation_size(c.oid)) AS bigint) AS bytes FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'agender' AND c.relkind IN ('r', 'p')"
)


def fill(store: Store, devices: int, windows: int) -> None:
    """Windows of all devices, as they come: one of each, then the next of each."""
    for number in range(windows):
        batch = [
            window(MINUTES * number, device=f"device-{device}", numbering=f"{device:012x}")
            for device in range(devices)
        ]
        store.write(batch, [], 0)


def per_window(address: str, size: Callable[[Store], int], devices: int, windows: int) -> float:
    """Bytes that the store grew by, for each window."""
    with closing(open_store(address)) as store:
        empty = size(store)
        fill(store, devices, windows)
        return (size(store) - empty) / (devices * windows)


def main() -> None:
    """Fill both and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--windows", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parsed = parser.parse_args()
    amount = parsed.devices, parsed.windows
    with tempfile.TemporaryDirectory(prefix="agender-size-") as folder:
        path = Path(folder) / "hub.sqlite3"

        def file_size(store: Store) -> int:
            store.ask("PRAGMA wal_checkpoint(TRUNCATE)", {})
            return path.stat().st_size

        figures: dict[str, float] = {
            "counts": len(payload()),
            "health": len(msgspec.json.encode(health())),
        }
        figures |= {"sqlite": per_window(str(path), file_size, *amount)}
    server = Postgres()
    try:
        figures["postgresql"] = per_window(
            server.database(), lambda store: int(store.ask(RELATIONS, {})[0]["bytes"]), *amount
        )
    finally:
        server.stop()
    if parsed.json:
        print(json.dumps(figures))
        return
    for name, size in figures.items():
        print(f"{name}: {size:.0f} bytes a {'message' if name in KINDS else 'window'}")


if __name__ == "__main__":
    main()
