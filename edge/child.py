"""How a process of ours becomes another: a child its program, and a program itself anew."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""Signals that ask a program to end: a service manager's, Ctrl-C's, a closed terminal's."""


def die_with_parent() -> None:
    """Let the kernel end this process when its parent is gone, and hear signals again.

    For `preexec_fn` of a parent without threads that may have blocked signals (prctl(2)).
    """
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING | {signal.SIGCHLD})
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_ANEW = "AGENDER_EDGE_ANEW"


def start_anew() -> NoReturn:
    """Become this program again from its start, with the same arguments, in the same process.

    What is open is closed by the kernel: Python's files are not handed on.
    """
    os.environ[_ANEW] = "1"
    os.execv(sys.executable, [sys.executable, "-B", "-m", "edge", *sys.argv[1:]])


def was_started_anew() -> bool:
    """Whether this program became itself again by `start_anew`; true once, for who asks first."""
    return os.environ.pop(_ANEW, None) is not None
