"""Keeps a library's own remarks off standard error, and lets everything else through."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2
REMARKS = (b"INFO: ", b"VERBOSE: ")
"""How LiteRT's remarks begin. It writes them to the descriptor itself and has no switch for it."""


@contextmanager
def without_remarks() -> Iterator[None]:
    """Inside, what anybody writes to standard error is held back; then all but remarks is told.

    Held in memory, since a service may have no folder to write in.
    """
    sys.stderr.flush()
    kept = os.dup(STDERR)
    held = os.memfd_create("stderr")
    try:
        os.dup2(held, STDERR)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, STDERR)
        os.close(kept)
        _tell(held)


def _tell(held: int) -> None:
    os.lseek(held, 0, os.SEEK_SET)
    with os.fdopen(held, "rb") as file:
        told = b"".join(line for line in file if not line.startswith(REMARKS))
    if told:
        os.write(STDERR, told)
