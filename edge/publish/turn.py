"""One turn of a loop around a single link, for verbs that have nothing else to wait for."""

from __future__ import annotations

import select
import time

from edge.publish.link import Link


def turn_link(link: Link, longest_s: float) -> None:
    """Connect or keep alive as due, then wait for the broker, `longest_s` at most."""
    now_s = time.monotonic()
    link.step(now_s)
    waiting = select.poll()
    fileno = link.fileno()
    if fileno is not None:
        waiting.register(fileno, select.POLLIN | (select.POLLOUT if link.wants_write() else 0))
    timeout_s = min(longest_s, max(link.due_s(now_s), 0.01))
    for _, events in waiting.poll(timeout_s * 1000):
        readable, writable = events != select.POLLOUT, bool(events & select.POLLOUT)
        link.ready(time.monotonic(), readable=readable, writable=writable)
