"""One vision counts into an outbox, and one publisher takes windows out of it.

Two of either would count everybody twice, or take each other's windows. The kernel ends a claim
with its process.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from contextlib import ExitStack
from pathlib import Path

from edge.errors import ConfigError

log = logging.getLogger(__name__)

DELIVERY_LOCK = "publisher.lock"
"""A file of its own: vision's claim is on the folder, and SQLite's locks are on its files."""


def claim_counting(folder: Path, stack: ExitStack) -> None:
    """Make the state folder this vision's own; ConfigError where it can't be, or is another's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "the folder cannot be written")
        _lock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), stack)
    except BlockingIOError as error:
        raise _taken(folder, "vision counts into this folder") from error
    except OSError as error:
        raise ConfigError(f"paths.state = {folder}: {error.strerror}") from error


def claim_delivery(folder: Path, stack: ExitStack) -> None:
    """Make the windows of a state folder this publisher's own; ConfigError where another has them.

    On a disk that takes no new file it goes on without the claim: a device whose disk is full must
    still be heard, and hear.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(folder / DELIVERY_LOCK, os.O_RDONLY | os.O_CREAT, 0o660)
        _lock(number, stack)
    except BlockingIOError as error:
        raise _taken(folder, "publisher takes windows out of this folder") from error
    except OSError as error:
        log.warning("paths.state = %s: %s; a second publisher would not be noticed", folder,
                    error.strerror)  # fmt: skip


def _lock(number: int, stack: ExitStack) -> None:
    stack.callback(os.close, number)
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _taken(folder: Path, other: str) -> ConfigError:
    return ConfigError(f"paths.state = {folder}: another {other}; end it, or choose another folder")
