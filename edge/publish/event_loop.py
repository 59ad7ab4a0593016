"""One step of an event loop around a single connection, for verbs that wait for nothing else."""

from __future__ import annotations

import select
import time

from edge.publish.connection import Connection


def step_connection(connection: Connection, longest_s: float) -> None:
    """Connect or keep alive as due, then wait for the broker, `longest_s` at most."""
    now_s = time.monotonic()
    connection.step(now_s)
    waiting = select.poll()
    fileno = connection.fileno()
    if fileno is not None:
        waiting.register(
            fileno, select.POLLIN | (select.POLLOUT if connection.wants_write() else 0)
        )
    timeout_s = min(longest_s, max(connection.due_s(now_s), 0.01))
    for _, events in waiting.poll(timeout_s * 1000):
        readable, writable = events != select.POLLOUT, bool(events & select.POLLOUT)
        connection.ready(time.monotonic(), readable=readable, writable=writable)
