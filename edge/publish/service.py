"""The verb `publisher`: one device's loop, its signals and its end."""

from __future__ import annotations

import itertools
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from types import FrameType
from typing import Literal

from edge import log as logs
from edge.child import start_anew, was_started_anew
from edge.config.tables import Config
from edge.config.zone import ahead_in
from edge.errors import NOBODY_READS, ConfigError, why
from edge.history.history import FILE_NAME as HISTORY_NAME
from edge.history.history import History
from edge.host.exposure import forbid_core_dumps
from edge.host.notify import Service
from edge.messages.live import PublisherSocket
from edge.outbox.claim import claim_delivery
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.lookup import clogged
from edge.publish.metrics import serve
from edge.publish.page_door import page_door
from edge.publish.publisher import POLL_S, Publisher, Remember, Surroundings
from edge.publish.reload import keys_now
from edge.publish.stdout import ReaderGoneError, write_waiting

log = logging.getLogger("publisher")

GOODBYE_S = 2.0
"""Time for the broker to acknowledge `stopped`."""


class Stop(BaseException):
    """SIGTERM or SIGINT came while connecting; no Exception, so that nothing retries over it."""


class Signals:
    """SIGTERM and SIGINT → `stop`; they also wake the loop, and end a blocking connect."""

    def __init__(self) -> None:
        self.stop = False
        self._interruptible = False
        self.wake_fd, self._write_fd = os.pipe()
        os.set_blocking(self.wake_fd, False)
        os.set_blocking(self._write_fd, False)
        self._before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        self._fd_before = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """In here, a signal raises Stop instead of waiting for a blocking call to return."""
        self._interruptible = True
        try:
            if self.stop:
                raise Stop
            yield
        finally:
            self._interruptible = False

    def close(self) -> None:
        """Put the handlers back as they were."""
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.wake_fd)
        os.close(self._write_fd)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop = True
        if self._interruptible:
            raise Stop


def publish(
    config: Config,
    sink: Literal["mqtt", "stdout"] = "mqtt",
    *,
    until_drained: bool = False,
    reread: Callable[[], Config] | None = None,
) -> int:
    """Deliver windows until a signal (or, `until_drained`, until none waits); the exit status.

    A signal ends it cleanly: what waits is delivered within `mqtt.drain_s` where the broker is
    there (to standard output: all of it), and `availability` becomes `stopped`. `reread` reads
    the configuration again: after the request `reload` the process starts itself anew with it.
    Raises ConfigError where credentials or certificates can't be read, or another publisher takes
    windows out of the same outbox.
    """
    logs.set_up(config.log.level)
    forbid_core_dumps()
    state = Path(config.paths.state)
    with ExitStack() as stack:
        signals = Signals()
        stack.callback(signals.close)
        claim_delivery(state, stack)
        outbox = Outbox(state / FILE_NAME, owner=False)
        stack.callback(outbox.close)
        remember = _history(config, stack)
        if sink == "stdout":
            places = partial(keys_now, config, reread)
            return _to_stdout(outbox, places, signals, remember, until_drained=until_drained)
        live = stack.enter_context(_live(config))
        page = page_door(config)
        if page is not None:
            stack.callback(page.close)
        around = Surroundings(
            Random(), signals.interrupting, reread, was_started_anew(), remember, page
        )
        publisher = Publisher(config, outbox, live, around)
        if config.metrics.port:
            stack.callback(serve(publisher, config.metrics))
        _to_broker(config, publisher, signals, until_drained=until_drained)
        if page is not None and publisher.reload.asked:
            page.reloaded()
    if publisher.reload.asked and not signals.stop:
        log.info("starting again with the configuration read anew")
        start_anew()
    return 0


def _live(config: Config) -> PublisherSocket:
    try:
        return PublisherSocket(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {why(error)}") from error


def _history(config: Config, stack: ExitStack) -> Remember:
    """What takes windows that leave the outbox into the history, where there is to be one."""
    file, sums = Path(config.paths.state) / HISTORY_NAME, config.history.enabled
    if not (sums or file.exists()):
        return lambda _windows: None
    return stack.enter_context(History(file, ahead_in(config.window.timezone), sums=sums)).take


def _to_stdout(
    outbox: Outbox,
    places: Callable[[], tuple[str, ...]],
    signals: Signals,
    remember: Remember,
    *,
    until_drained: bool,
) -> int:
    try:
        while True:
            stopping = signals.stop  # read first: what was stored before the signal is written
            if outbox.depth() != 0:
                write_waiting(outbox, places(), remember=remember)
            if stopping or (until_drained and outbox.depth() == 0):
                return 0
            select.select([signals.wake_fd], [], [], POLL_S)
    except ReaderGoneError:
        log.info("nobody reads the output any more")
        return NOBODY_READS


def _to_broker(
    config: Config, publisher: Publisher, signals: Signals, *, until_drained: bool
) -> None:
    service = Service()
    for turns in itertools.count(1):
        if signals.stop or publisher.reload.asked:
            break
        turn(publisher, signals)
        service.tick(turns, lambda: _in_words(config, publisher))
        if clogged() and not publisher.connection.up:
            log.warning("the name server holds every look-up; only a new start is rid of them")
            publisher.reload.asked = True
        if until_drained and publisher.connection.up and publisher.delivery.is_done():
            break
    service.stopping()
    _until(publisher, publisher.delivery.is_done, config.mqtt.drain_s)
    _say_goodbye(publisher)
    if publisher.delivery.left() != 0:
        log.warning("%s for the next start", _waiting(publisher))


def _in_words(config: Config, publisher: Publisher) -> str:
    """The state in a line, for `systemctl status`."""
    connection, first = publisher.connection, config.mqtt.endpoint
    state = "connected to" if connection.up else "not connected to"
    instead = "" if connection.first_choice else f" in place of {first}"
    return f"{state} {connection.where}{instead}; {_waiting(publisher)}"


def _waiting(publisher: Publisher) -> str:
    left = publisher.delivery.left()
    return (
        "the outbox can't be read; what is in it waits" if left is None else f"{left} windows wait"
    )


def turn(publisher: Publisher, signals: Signals | None) -> None:
    """One turn of the loop: what time asks for, then whatever is ready."""
    try:
        publisher.step(time.monotonic())
    except Stop:
        return
    waiting = select.poll()
    if signals is not None:
        waiting.register(signals.wake_fd, select.POLLIN)
    for fileno, events in publisher.fds():
        waiting.register(fileno, events)
    timeout_s = publisher.due_s(time.monotonic())
    for fileno, events in waiting.poll(timeout_s * 1000):
        publisher.ready(fileno, events, time.monotonic())


def _until(publisher: Publisher, done: Callable[[], bool], limit_s: float) -> None:
    """Turn while the broker is there, until done or out of time."""
    end_s = time.monotonic() + limit_s
    while publisher.connection.up and not done() and time.monotonic() < end_s:
        turn(publisher, None)


def _say_goodbye(publisher: Publisher) -> None:
    publisher.say_stopped()
    _until(publisher, publisher.stopped_is_known, GOODBYE_S)
    publisher.connection.close()
