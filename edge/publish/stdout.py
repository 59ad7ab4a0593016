"""Outbox → standard output: one JSON object a line, and nothing else."""

from __future__ import annotations

import os

from edge.messages import encode_counts
from edge.outbox import Outbox

BATCH = 64


class ReaderGoneError(Exception):
    """The reader of our output has left."""


def write_waiting(outbox: Outbox, fileno: int = 1) -> int:
    """Write what waits and remove what was written; how many windows.

    Raises ReaderGoneError where the pipe is closed: the window then stays in the outbox.
    """
    written = 0
    while batch := outbox.peek(BATCH):
        for counts in batch:
            _write_all(fileno, encode_counts(counts) + b"\n")
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
