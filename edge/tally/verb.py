"""The verb `tally`: by which rules, into which file, and the loop from key to bin."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from edge.config.tables import Config
from edge.config.zone import Ahead, ahead_in
from edge.errors import ConfigError, UserError
from edge.output import say, some
from edge.runtime.census.boundaries import Boundaries
from edge.tally import file
from edge.tally.book import Book, Moment
from edge.tally.file import Tally
from edge.tally.keys import Add, Keys, Order
from edge.tally.screen import help_lines, status
from edge.tally.terminal import Keyboard, Screen, keyboard

LOOK_S = 1.0
"""The clock is looked at no less often, for it may be set."""


def run(config: Config, own: Config, parsed: argparse.Namespace) -> int:
    """Tally until the input ends; the exit status.

    `own` is the device's configuration without the command line's overrides: these may make what
    is kept coarser, never finer. ConfigError where the rules forbid a tally or the file is not its.
    """
    if sys.stdin is None:
        raise ConfigError("standard input is closed: a tally needs keys")
    rules = rules_of(config, own, bands=parsed.bands)
    ahead = ahead_in(rules.timezone)
    path = parsed.out or Path(_name(rules, ahead, time.time()))
    with file.alone(path):
        tally = _begun(path, rules)
        _write_first(path, tally)
        session = Session(path, tally, ahead)
        with keyboard() as typed:
            session.loop(typed)
            trouble = session.keep()  # while signals still end nothing
        return session.tell(trouble)


def rules_of(config: Config, own: Config, *, bands: bool) -> Tally:
    """An empty tally by the rules in force; ConfigError where there may be none."""
    if config.privacy.epsilon is not None or own.privacy.epsilon is not None:
        raise ConfigError(
            "privacy.epsilon is set: a tally would tell exactly what the noise hides; hold the "
            "counts against a tally before noise is switched on"
        )
    k = max(config.privacy.k, own.privacy.k)
    if k > 1 and bands:
        raise ConfigError(
            f"--bands: privacy.k is {k}, and a tally keeps only how many people came then; leave "
            "it out (docs/audit.md says why, and how ages are held against the truth)"
        )
    return Tally(
        site=config.device.site,
        device=config.device.name,
        timezone=config.window.timezone,
        window_s=max(config.window_s, own.window_s) if k > 1 else config.window_s,
        k=k,
        bands=config.window.bands if bands else None,
        lines=tuple(line.name for line in config.space.lines) if k == 1 else (),
    )


def _name(rules: Tally, ahead: Ahead, wall_s: float) -> str:
    return f"tally-{rules.site}-{rules.device}-{_local(wall_s, ahead):%Y-%m-%d}.json"


def _local(wall_s: float, ahead: Ahead) -> datetime:
    return datetime.fromtimestamp(wall_s, timezone(timedelta(seconds=ahead(wall_s))))


def _begun(path: Path, rules: Tally) -> Tally:
    """The tally that is there, to go on with; a new one where there is none or it was not begun."""
    if not path.exists() or path.stat().st_size == 0:
        return rules
    found = file.read(path)
    for key in ("site", "device", "timezone", "window_s", "k", "bands", "lines"):
        then, now = getattr(found, key), getattr(rules, key)
        if then != now:
            raise ConfigError(
                f"{path} was begun with another {key} ({_told(then)}, now {_told(now)}): "
                "choose another file with --out FILE"
            )
    return found


def _told(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value not in (None, "") else "none"


def _write_first(path: Path, tally: Tally) -> None:
    """Where nothing can be written, nobody should begin to count."""
    try:
        file.write(path, tally)
    except OSError as error:
        raise ConfigError(f"--out {path}: {error.strerror}") from None


class Session:
    """From the first key to the last."""

    def __init__(
        self,
        path: Path,
        tally: Tally,
        ahead: Ahead,
        now: Callable[[], Moment] = lambda: Moment(time.time(), time.monotonic()),
    ) -> None:
        self._path, self._ahead, self._now = path, ahead, now
        self._keys = Keys(tally)
        self._book = Book(tally, Boundaries(tally.window_s, ahead), now())
        self._remark = ""
        self._unknown = 0

    def loop(self, typed: Keyboard, screen: Screen | None = None) -> None:
        """Take what is typed until it ends, and write each bin as it ends."""
        screen = screen or Screen(shown=sys.stdin.isatty() and sys.stdout.isatty())
        screen.lines(help_lines(self._book.tally, screen.columns))
        while True:
            screen.over(self._status())
            text = typed.read(min(self._book.left_s(self._now()), LOOK_S))
            self._tick()
            if text is None or not self.take(text):
                break
        screen.clear()

    def take(self, text: str) -> bool:
        """Count what these characters mean; false at the end."""
        for meaning in self._keys.meanings(text):
            self._remark = ""
            if meaning is Order.END:
                return False
            self._obey(meaning)
        return True

    def _obey(self, meaning: Add | Order) -> None:
        if isinstance(meaning, Add):
            self._remark = "" if self._book.add(meaning.keys) else "full!"
        elif meaning is Order.UNDO:
            self._remark = "undone" if self._book.undo() else "nothing to undo"
        elif meaning is Order.UNKNOWN:
            self._remark = "no such key"
            self._unknown += 1

    def _tick(self) -> None:
        if self._book.tick(self._now()):
            self._remark = self._written()

    def _written(self) -> str:
        """Empty, or why the file can't be written; it is tried again with the next bin."""
        try:
            file.write(self._path, self._book.tally)
        except OSError as error:
            return f"not written: {error.strerror}"
        return ""

    def _status(self) -> str:
        begin = _local(self._book.start_s, self._ahead)
        clock = f"{begin:%H:%M:%S}" if self._book.tally.window_s % 60 else f"{begin:%H:%M}"
        counts = dict(self._book.counts)
        return status(self._keys, counts, clock, self._book.people, self._remark)

    def keep(self) -> str:
        """Write what was pressed; why that can't be, or nothing."""
        self._book.close(self._now())
        return self._written()

    def tell(self, trouble: str) -> int:
        """Say where the tally lies; where the disk refused, print it instead: UserError."""
        tally = self._book.tally
        if trouble:
            print(msgspec.json.encode(tally).decode(), flush=True)
            raise UserError(f"{self._path} {trouble}; the whole tally was printed instead")
        with suppress(OSError):  # of a lost terminal; all is kept
            self._say(tally)
        return 0

    def _say(self, tally: Tally) -> None:
        if self._unknown:
            say(f"not counted, for they mean nothing here: {some(self._unknown, 'key')}")
        whole = sum(each.whole for each in tally.bins)
        windows = f"{some(len(tally.bins), 'window')}, {whole} of them whole"
        say(f"{tally.people} people in {windows}: {self._path}")
