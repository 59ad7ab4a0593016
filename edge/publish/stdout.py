"""Outbox → standard output: one JSON object a line, and nothing else."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Sequence

from edge.messages.checking import sendable
from edge.messages.counts import CountsHead
from edge.outbox.outbox import Outbox

log = logging.getLogger("stdout")

BATCH = 64


class ReaderGoneError(Exception):
    """The reader of our output has left."""


def write_waiting(
    outbox: Outbox,
    places: Collection[str] = (),
    fileno: int = 1,
    remember: Callable[[Sequence[CountsHead]], object] = lambda _windows: None,
) -> int:
    """Write what waits and remove what was written; how many windows.

    `places` are the keys that may be told. What breaks the rules is written empty, as lost.
    `remember` is given each before it leaves the outbox. Raises ReaderGoneError where the pipe is
    closed: the window then stays in the outbox.
    """
    written = 0
    while batch := outbox.peek(BATCH):
        under = outbox.numbering()
        for stored in batch:
            counts, payload, refusal = sendable(stored, places, under)
            if refusal:
                log.error("window %d is written empty, as lost: %s", counts.seq, refusal)
            _write_all(fileno, payload + b"\n")
            remember([counts])
            if not outbox.remove([counts.seq]):
                return written  # the disk balks; writing on would repeat this line for ever
            written += 1
    return written


def _write_all(fileno: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fileno, data) :]
        except BrokenPipeError as error:
            raise ReaderGoneError from error
