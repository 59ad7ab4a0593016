"""`agender-edge run`: vision, publisher and page as children of one process, but on a Pi.

On a Pi systemd units do this. A child that dies is started again, with growing pauses; a
child that says its configuration, source or model is wrong is believed, and all ends.
"""

from __future__ import annotations

import logging
import math
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from edge import log as logs
from edge.child import ENDING, die_with_parent
from edge.config import read
from edge.config.home import require_state
from edge.errors import (
    NOBODY_READS,
    ConfigError,
    ModelError,
    SourceError,
    SourceLostError,
    StorageError,
    UndeliveredError,
)
from edge.messages.record_socket import socket_folder
from edge.outbox.outbox import FILE_NAME, Outbox

log = logging.getLogger("run")

FINAL = (
    ConfigError.status,
    SourceError.status,
    ModelError.status,
    NOBODY_READS,
    StorageError.status,
)
"""Statuses of a child that starting again would not mend."""

GRACE_S = 10.0
"""How long a child may take to end after SIGTERM before it is killed."""

PAUSES_S = (0.5, 1, 2, 5, 10, 30)
SETTLED_S = 60.0
"""A child that lived this long starts with the shortest pause again."""

WORKED_S = 10.0
"""A vision that lived this long had its source."""

TRIES = 3
"""Failures in a row after which `--until-end`, which somebody waits for, gives up."""

LONG_S = 60.0
"""The longest wait; a signal ends any wait at once."""

_SIGNALS = {*ENDING, signal.SIGCHLD}


class Child:
    """One verb of this program, kept running."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self._command = [sys.executable, "-B", "-m", "edge", name, *arguments]
        self.failures = 0
        self._worked = False
        self._started_s = 0.0
        self.due_s: float | None = None
        self.start()

    def start(self) -> None:
        """Start the process, in a group of its own so that Ctrl-C reaches only the supervisor."""
        self._started_s, self.due_s = time.monotonic(), None
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has no threads
        )

    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def is_final(self, status: int | None) -> bool:
        """Whether starting again would not mend it.

        A source that cannot be opened is believed, unless it worked before: a camera that was
        unplugged may be plugged in again.
        """
        long_lived = time.monotonic() - self._started_s > WORKED_S
        crashed = status not in (*FINAL, 0)
        self._worked |= status == SourceLostError.status or (crashed and long_lived)
        return status in FINAL and not (self._worked and status == SourceError.status)

    def revive(self) -> None:
        """Plan the next start after a pause that grows with each failure in a row, then start."""
        now_s = time.monotonic()
        if self.due_s is not None:
            if now_s >= self.due_s:
                self.start()
            return
        if now_s - self._started_s > SETTLED_S:
            self.failures = 0
        pause_s = PAUSES_S[min(self.failures, len(PAUSES_S) - 1)]
        self.failures += 1
        self.due_s = now_s + pause_s
        log.warning(
            "%s ended with status %s; starting it again in %g s", self.name, self.status(), pause_s
        )

    def leave(self) -> None:
        """Let an ended child be: its work is done."""
        if self.due_s is None:
            self.due_s = math.inf
            log.info("%s has reached its source's end; waiting for a signal", self.name)

    def end(self, grace_s: float = GRACE_S) -> int:
        """Ask it to end, wait, kill it if it does not; the exit status."""
        if self.status() is None:
            self._process.terminate()
        try:
            return self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            log.error("%s did not end within %g s and was killed", self.name, grace_s)
            self._process.kill()
            return self._process.wait()


def run(
    config: Path | None,
    overrides: Sequence[str],
    *,
    sink: str,
    until_end: bool,
    progress: bool = True,
) -> int:
    """Start the children with the same configuration; the status to exit with.

    `progress`: show how far a recording is, unless the windows go to the same terminal.
    """
    with ExitStack() as stack:
        overrides = list(overrides)
        if sink == "stdout" and not any(o.startswith("paths.state=") for o in overrides):
            # Printing must not take windows that a service on this machine still has to deliver.
            folder = stack.enter_context(socket_folder("agender-edge-"))
            overrides += [f"paths.state={folder}", f"paths.runtime={folder}"]
        checked = read.load(config, overrides)
        require_state(checked.paths.state)
        logs.set_up(checked.log.level)
        arguments = ["--config", str(config)] if config else []
        for override in overrides:
            arguments += ["--set", override]
        drawn = progress and not (sink == "stdout" and sys.stdout.isatty())
        return supervise(
            {
                "vision": [*arguments, *([] if drawn else ["--no-progress"])],
                "publisher": [*arguments, "--sink", sink],
                **({"page": arguments} if checked.page.enabled and sink == "mqtt" else {}),
            },
            outbox=Path(checked.paths.state) / FILE_NAME if until_end and sink == "mqtt" else None,
            until_end=until_end,
            drain_s=checked.mqtt.drain_s,
        )


def supervise(
    arguments: Mapping[str, Sequence[str]],
    *,
    until_end: bool,
    drain_s: float,
    outbox: Path | None = None,
) -> int:
    """Run the children until a signal, a final failure, or (`until_end`) the source's end.

    `arguments` of each: vision, publisher and, where it is to be served, page.
    Vision is ended first and counts its last window; the publisher then delivers it, for which
    it may take `drain_s`. Where `outbox` is named, the source's end is waited upon: until the
    broker has everything, or that and GRACE_S are over, which is a failure.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    # The publisher first: the page asks it, and vision tells it.
    others = [Child(name, arguments[name]) for name in ("publisher", "page") if name in arguments]
    vision, publisher, pages = Child("vision", arguments["vision"]), others[0], others[1:]
    left: int | None = 0
    try:
        status = _watch(vision, others, until_end=until_end)
        if outbox is not None and vision.status() == 0:
            left = _left(outbox, publisher, GRACE_S + drain_s)
    finally:
        ended = vision.end()
        for page in pages:
            page.end()
        drained = publisher.end(GRACE_S + drain_s)
    status = status or max(ended, 0) or max(drained, 0)
    if left != 0 and not status:
        wait = "windows" if left is None else f"{left} windows"
        raise UndeliveredError(
            f"the broker has not taken everything: {wait} wait in {outbox}; see the lines above"
        )
    return status


def _left(path: Path, publisher: Child, limit_s: float) -> int | None:
    """How many windows wait after `limit_s` at most; None where that can't be read."""
    end_s = time.monotonic() + limit_s
    with Outbox(path, owner=False) as outbox:
        while (left := outbox.depth()) != 0:
            over = time.monotonic() > end_s or publisher.status() is not None
            if over or signal.sigtimedwait(_SIGNALS, 0.1) is not None:
                break
    return left


def _watch(vision: Child, others: Sequence[Child], *, until_end: bool) -> int:
    """Wait and start again what dies; the status to end with."""
    while True:
        due_s = min(child.due_s or math.inf for child in (vision, *others))
        caught = signal.sigtimedwait(_SIGNALS, min(max(due_s - time.monotonic(), 0.0), LONG_S))
        if caught is not None and caught.si_signo != signal.SIGCHLD:
            log.info("ending: %s", signal.Signals(caught.si_signo).name)
            return 0
        for child in (vision, *others):
            status = child.status()
            if child.is_final(status) or (status == 0 and child is vision and until_end):
                return status or 0
            if status == 0 and child is vision:
                child.leave()
            elif status is not None:
                if until_end and child.failures >= TRIES:
                    log.error("%s ended %d times in a row; giving up", child.name, TRIES)
                    return 1
                child.revive()
