"""What the tests of tally and audit share: a clock to move, tallies, and windows beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.audit.agreement import Rule
from edge.audit.build import Audit, audit
from edge.audit.compare import Agreement
from edge.config.zone import ahead_in
from edge.messages.counts import CountsHead, encode_counts
from edge.messages.fields import timestamp
from edge.messages.messages import Audited
from edge.runtime.census.boundaries import Boundaries
from edge.tally.book import Book, Moment
from edge.tally.file import Bin, Tally
from tests.history.support import DAY_S, config, window

RULE = Rule()
AUDITED = Audited(
    verdict="passes",
    margin=0.05,
    time="2026-03-07T12:00:00.000Z",
    first_day="2026-03-07",
    last_day="2026-03-08",
)
"""A verdict as `agender-edge audit` leaves it for `info`."""

NINE_S = DAY_S + 9 * 3_600
"""Nine o'clock of a Saturday in March, local time of Berlin."""
MINUTE_S = 60


def tally(bins: Iterable[Bin] = (), **changes: Any) -> Tally:
    values = {
        "site": "shop",
        "device": "door",
        "timezone": "Europe/Berlin",
        "window_s": 60.0,
        "k": 1,
    }
    return Tally(**(values | changes), bins=tuple(bins))


def minute(
    number: int, counts: Mapping[str, int] | int = 0, *, length_s: float = 60, whole: bool = True
) -> Bin:
    """The bin of so many minutes after nine; an int is so many women."""
    start_s = NINE_S + MINUTE_S * number
    if isinstance(counts, int):
        counts = {"people": counts, "female": counts}
    kept = {key: people for key, people in counts.items() if people}
    return Bin(
        start=timestamp(start_s), end=timestamp(start_s + length_s), whole=whole, counts=kept
    )


def told(number: int, people: int, **more: Any) -> CountsHead:
    """The device's window of so many minutes after nine, in which so many women came."""
    return window(NINE_S + MINUTE_S * number, number + 1, people, **more)


def recorded(windows: Iterable[CountsHead], topic: str = "") -> list[bytes]:
    """The windows as a subscriber writes them, a line each."""
    return [topic.encode() + b" " * bool(topic) + encode_counts(each) + b"\n" for each in windows]


def held(
    tallies: Sequence[Tally] | Tally, windows: Iterable[CountsHead], rule: Rule = RULE
) -> Audit:
    """Tallies against recorded windows."""
    many = [tallies] if isinstance(tallies, Tally) else tallies
    return audit(many, config(Path("/nonexistent")), rule, recorded(windows))


def names_in(folder: Path) -> list[str]:
    """Of the files of a folder, hidden ones too."""
    return sorted(each.name for each in folder.iterdir())


def of(found: Audit, key: str) -> Agreement:
    """The agreement of one quantity."""
    return next(each for each in found.agreements if each.key == key)


class Auditor:
    """Somebody with a book and a clock that the test moves."""

    def __init__(self, wall_s: float = NINE_S, **rules: Any) -> None:
        self.wall_s, self.steady_s = wall_s, 1_000.0
        empty = tally(**rules)
        self.book = Book(empty, Boundaries(empty.window_s, ahead_in(empty.timezone)), self.now)

    @property
    def now(self) -> Moment:
        return Moment(self.wall_s, self.steady_s)

    def wait(self, seconds: float) -> None:
        """Time goes by, and the book looks at the clock every second."""
        for _ in range(round(seconds)):
            self.wall_s += 1
            self.steady_s += 1
            self.book.tick(self.now)

    def press(self, *keys: str, times: int = 1) -> None:
        self.book.tick(self.now)
        for _ in range(times):
            self.book.add(keys)

    def woman(self, times: int = 1) -> None:
        self.press("people", "female", times=times)

    def set_clock(self, by_s: float) -> None:
        self.wall_s += by_s
        self.book.tick(self.now)

    def end(self) -> Tally:
        self.book.close(self.now)
        return self.book.tally
