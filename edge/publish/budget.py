"""How often each kind of request is carried out, however often it is asked."""

from __future__ import annotations

from collections.abc import Mapping

from edge.bucket import Budget

BUDGETS: Mapping[str, Budget] = {
    # Each of these writes to the disk, starts processes or ends a window early.
    "resume": Budget(6, 5.0),
    "window": Budget(3, 60.0),
    "reload": Budget(1, 60.0),
    "identify": Budget(10, 1.0),
    "snapshot-health": Budget(10, 1.0),
    "outbox": Budget(10, 1.0),
}
"""`pause` has none: it is always obeyed, and costs nothing where the camera is closed already."""

ANSWERS = Budget(20, 0.2)
"""Answers of any kind; beyond, requests are not answered."""
