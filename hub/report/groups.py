"""Which devices belong together, as the store keeps it."""

from __future__ import annotations

from hub.report.question import GROUPED
from hub.store import Store
from hub.store.base import Member


def groups_of(store: Store, name: str | None = None) -> dict[Member, list[str]]:
    """Each device that is in a group → the groups' names; of the one that is named, or of all."""
    found: dict[Member, list[str]] = {}
    for one in store.ask(GROUPED, {}):
        if name in (None, one["name"]):
            found.setdefault((one["site"], one["device"]), []).append(one["name"])
    return found
