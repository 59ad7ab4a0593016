"""What the history's tests share: windows told at some time, and what they should become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from edge.config.history import History as HistoryKeys
from edge.config.tables import Config, Device, Paths
from edge.config.told import Window
from edge.config.zone import ahead_in
from edge.history.history import FILE_NAME, History
from edge.history.read import Recorded, Rules, recorded
from edge.history.sums import Hour, hour_at, sums_of
from edge.history.table import Span
from edge.messages.counts import CountsHead
from edge.messages.fields import timestamp
from edge.outbox.outbox import Outbox
from edge.report.build import build
from edge.report.correct import corrected
from edge.report.figures import Report
from tests.publish.support import counts
from tests.shared import MODELS

NUMBERING = "5e1f0a7700c4"
BERLIN = ahead_in("Europe/Berlin")
UTC = ahead_in("UTC")
ZONE = ZoneInfo("Europe/Berlin")
NOON_S = datetime(2026, 5, 5, 12, tzinfo=ZONE).timestamp()
DAY_S = datetime(2026, 3, 7, tzinfo=ZONE).timestamp()
"""A Saturday."""
NOW_S = DAY_S + 3 * 86_400
EVER = Span(-1, 60_000)
PLACES = ("line_door_in", "zone_shop_people")


def window(start_s: float, seq: int, people: int = 3, minutes: int = 1, **more: Any) -> CountsHead:
    """A window in which so many women of 25–34 came."""
    women = dict.fromkeys(("people", "female", "age_25_34", "female_25_34"), people)
    nobody = dict.fromkeys(("male", "gender_unknown", "age_unknown", "male_25_34"), 0)
    length_s = 60.0 * minutes
    head = {
        "seq": seq,
        "numbering": NUMBERING,
        "model": "agender_64",
        "start": timestamp(start_s),
        "end": timestamp(start_s + length_s),
        "window_s": length_s,
        "observed_s": length_s,
    }
    return counts(**(head | women | nobody | more))


def untold(told: CountsHead) -> CountsHead:
    """The same where fewer than k people came: only how many."""
    start = ("age_", "female", "male", "gender_")
    hidden = [name for name in told.__struct_fields__ if name.startswith(start)]
    places = dict.fromkeys(told.places)
    return replace(told, **dict.fromkeys((*hidden, "frames_seen")), places=places)


def some(start_s: float, number: int, seed: int = 0) -> list[CountsHead]:
    """Minutes one after the other, with nobody to eight people; of fewer than five nothing else."""
    random = Random(seed)
    found = []
    for minute in range(number):
        people = random.randrange(9)
        places = {"line_door_in": people, "zone_shop_people": None}
        told = window(
            start_s + 60 * minute, minute + 1, people, folding="rounding:5", places=places
        )
        found.append(told if people >= 5 else untold(told))
    return found


def wanted(windows: Iterable[CountsHead], ahead: Any = BERLIN) -> dict[Hour, Counter[str]]:
    """What the hours should hold: each window once, where it starts."""
    hours: dict[Hour, Counter[str]] = {}
    seen = set()
    for each in windows:
        if (each.numbering, each.seq) not in seen:
            seen.add((each.numbering, each.seq))
            hours.setdefault(hour_at(start_of(each), ahead), Counter()).update(sums_of(each))
    return hours


def start_of(told: CountsHead) -> float:
    return datetime.fromisoformat(told.start).timestamp()


def kept(folder: Path, windows: Sequence[CountsHead], ahead: Any = BERLIN, each: int = 8) -> None:
    """Windows into the history, so many at once."""
    with History(folder / FILE_NAME, ahead) as history:
        for first in range(0, len(windows), each):
            assert history.take(windows[first : first + each])


def read(folder: Path, ahead: Any = BERLIN, days: Span = EVER) -> Recorded:
    return recorded(folder, Rules(PLACES, ahead), [days])


def waiting(outbox: Outbox, windows: Iterable[CountsHead]) -> list[CountsHead]:
    """Windows into the outbox, which numbers them; they as they then wait."""
    for each in windows:
        outbox.append(each)
    return outbox.peek(9_999)


def config(folder: Path, **history: Any) -> Config:
    return Config(
        device=Device(site="shop", name="door"),
        window=Window(timezone="Europe/Berlin"),
        history=HistoryKeys(**history),
        paths=Paths(state=str(folder), runtime=str(folder), models=str(MODELS)),
    )


def people(folder: Path) -> int:
    return sum(sums["people"] for sums in read(folder).hours.values())


def day_of(folder: Path, text: str = "2026-03-07", kind: Any = "day", **history: Any) -> Report:
    return build(config(folder, **history), kind, text, NOW_S, corrected)
