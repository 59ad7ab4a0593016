"""The verb `watch`: subscribe, and show."""

from __future__ import annotations

import os
import shutil
import sys
import time
from random import Random
from typing import NoReturn

import msgspec

from edge import log as logs
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.publish.client import Events, Identity
from edge.publish.connection import Connection
from edge.publish.credentials import login, tls_context
from edge.publish.event_loop import step_connection
from edge.publish.topics import root
from edge.watch.board import NAME, Board, Seen
from edge.watch.screen import health_line, presence, screen, window_line

REDRAW_S = 0.5
MAX_INCOMING_BYTES = 262_144
"""`info` carries two schemas and is far larger than anything a device takes."""


class _Watcher:
    """Messages → the board, and (not on a terminal) a line for each."""

    def __init__(self, config: Config, *, lines: bool, as_json: bool) -> None:
        self.board = Board(root(config))
        self._lines, self._as_json = lines, as_json

    def received(self, topic: str, payload: bytes, _retained: bool) -> None:
        told = self.board.take(topic, payload)
        if told is None or not self._lines:
            return
        seen, what = told
        if self._as_json:
            body = payload.decode() if what == "availability" else msgspec.Raw(payload)
            line = {"device": seen.name, "what": what, "message": body}
            print(msgspec.json.encode(line).decode(), flush=True)
        else:
            print(f"{seen.name}  {_words(seen, what)}", flush=True)


def watch(config: Config, *, only: str | None = None, as_json: bool = False) -> int:
    """Show `site/device` (or all) until Ctrl-C; the exit status.

    On a terminal a picture that is kept up to date, otherwise (or `as_json`) a line a message.
    ConfigError where credentials or certificates can't be read.
    """
    if only is not None and not NAME.fullmatch(only):
        raise ConfigError(f"--only {only!r} should read SITE/DEVICE, e.g. shop/entrance")
    logs.set_up("error" if sys.stdout.isatty() and not as_json else config.log.level)
    drawn = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    lines = as_json or not drawn
    watcher = _Watcher(config, lines=lines, as_json=as_json)
    connection = Connection(
        config.mqtt,
        Identity(
            client_id=f"agender-watch-{os.getpid()}-{Random().randrange(16**6):06x}",
            will=None,
            login=login(config.mqtt),
            tls=tls_context(config.mqtt),
            subscriptions=tuple(
                f"{root(config)}/{only or '+/+'}/{what}"
                for what in ("availability", "state", "health", "counts")
            ),
            max_incoming_bytes=MAX_INCOMING_BYTES,
        ),
        Events(_nothing, _nothing, watcher.received, lambda _message_id, _refusal: None),
        random=Random(),
    )
    try:
        _loop(connection, watcher, draw=not lines)
    except KeyboardInterrupt:
        return 0
    finally:
        connection.close()


def _nothing() -> None:
    """The board tells all there is to tell."""


def _loop(connection: Connection, watcher: _Watcher, *, draw: bool) -> NoReturn:
    drawn_s = 0.0
    while True:
        if draw and time.monotonic() - drawn_s >= REDRAW_S:
            drawn_s = time.monotonic()
            _draw(connection, watcher)
        step_connection(connection, REDRAW_S)


def _draw(connection: Connection, watcher: _Watcher) -> None:
    size = shutil.get_terminal_size()
    status = (
        f"connected to {connection.where}" if connection.up else connection.failure or "connecting"
    )
    text = screen(watcher.board, status, width=size.columns, height=size.lines)
    # Home, then each line over the old one: clearing the whole screen first would flicker.
    sys.stdout.write("\x1b[H" + text.replace("\n", "\x1b[K\n") + "\x1b[K\n\x1b[J")
    sys.stdout.flush()


def _words(seen: Seen, what: str) -> str:
    if what == "counts":
        return window_line(seen.windows[-1])
    if what == "state" and seen.state is not None:
        paused = ", paused" if seen.state.paused else ""
        return f"{presence(seen.state)}{paused}"
    if what == "health" and seen.health is not None:
        return health_line(seen.health)
    return seen.availability
