"""Tallies and the device's record → the audit: all that its forms tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from edge.audit import told
from edge.audit.advice import advice
from edge.audit.agreement import BINS_MIN, Rule
from edge.audit.compare import Agreement, compared
from edge.audit.doubts import doubts
from edge.audit.match import APART, UNTOLD, Left, Together, Unit, match, merged
from edge.audit.told import Heard
from edge.config.tables import Config
from edge.config.zone import Ahead, ahead_in
from edge.errors import ConfigError
from edge.history.sums import FOLDING, named
from edge.tally.file import Tally


class Audit(NamedTuple):
    """A device held against tallies. Numbers of people are floats where two auditors differ."""

    device: str
    tallies: int
    first: str
    """Local date of the first bin that is compared, and of the last; empty without any."""
    last: str
    rule: Rule
    units: int
    agreements: list[Agreement]
    left: dict[str, Left]
    together: list[Together]
    notes: list[str]
    advice: list[str]

    @property
    def people(self) -> Agreement:
        """The first of the agreements, by which the device passes or not."""
        return self.agreements[0]


def audit(
    tallies: Sequence[Tally], config: Config, rule: Rule, counts: Iterable[bytes] | None = None
) -> Audit:
    """Hold tallies of one device against recorded messages (`counts`), else against its history.

    ConfigError where the tallies can't be taken together, or are of another device;
    UnreadableError where history or outbox can't be read.
    """
    device = _one_device(tallies)
    bins, together = merged(tallies)
    ahead = ahead_in(tallies[0].timezone)
    if counts is not None:
        heard = told.from_messages(counts, device)
    else:
        heard = _from_history(config, device, [each[:2] for each in bins])
    units, left = match(bins, heard.told)
    agreements = compared(units, rule)
    return Audit(
        device=device,
        tallies=len(tallies),
        first=_day(units[0].start_s, ahead) if units else "",
        last=_day(units[-1].start_s, ahead) if units else "",
        rule=rule,
        units=len(units),
        agreements=agreements,
        left=left,
        together=together,
        notes=[
            *heard.notes,
            *_elsewhen(heard, units, ahead),
            *_notes(tallies, units, agreements, left, recorded=counts is not None),
        ],
        advice=advice(agreements, units, rule),
    )


def _one_device(tallies: Sequence[Tally]) -> str:
    names = sorted({tally.name for tally in tallies})
    if len(names) > 1:
        raise ConfigError(f"the tallies are of {' and '.join(names)}: audit one device at a time")
    if len({tally.id for tally in tallies}) < len(tallies):
        raise ConfigError("a tally was given twice, or beside a copy of it")
    return names[0]


def _from_history(config: Config, device: str, spans: Sequence[tuple[float, float]]) -> Heard:
    ours = f"{config.device.site}/{config.device.name}"
    if ours != device:
        raise ConfigError(
            f"the tally is of {device}, and this is {ours}: run it there, or name that device's "
            "recorded messages with --counts FILE"
        )
    ahead = ahead_in(config.window.timezone)
    return Heard(told.from_history(Path(config.paths.state), config.space.keys, ahead, spans), [])


def _day(wall_s: float, ahead: Ahead) -> str:
    return _moment(wall_s, ahead)[:10]


def _moment(wall_s: float, ahead: Ahead) -> str:
    """Local time, as 2026-03-07 14:02."""
    zone = timezone(timedelta(seconds=ahead(wall_s)))
    return f"{datetime.fromtimestamp(wall_s, zone):%Y-%m-%d %H:%M}"


def _elsewhen(heard: Heard, units: Sequence[Unit], ahead: Ahead) -> Iterator[str]:
    """Of which time the device's windows are, where none is of the tally's."""
    if heard.told and not units:
        ends = [_moment(at_s, ahead) for at_s in (heard.told[0].start_s, heard.told[-1].end_s)]
        yield f"the device's {len(heard.told)} windows are from {ends[0]} to {ends[1]}"


def _notes(
    tallies: Sequence[Tally],
    units: Sequence[Unit],
    found: Sequence[Agreement],
    left: dict[str, Left],
    *,
    recorded: bool,
) -> list[str]:
    """What a reader must know of the numbers."""
    plain = max(tally.k for tally in tallies)
    people = sum(unit.told.sums["people"] for unit in units)
    untold = sum(unit.told.sums["untold_people"] for unit in units)
    folded = {each for unit in units for each in named(unit.told.sums, FOLDING)}
    ks = sorted({int(each.split(":")[1]) for each in folded} - {1})
    lines = [each for each in found if each.key.startswith("line_") and each.bins < len(units)]
    return [note for note in (
        f"the tally was made under k = {plain}, so that only people can be compared"
        if plain > 1 else "",
        f"the device's detail is rounded under k = {' and '.join(map(str, ks))}" if ks else "",
        "the tally tells more of people than the device may: show it to nobody, and delete it "
        "after the audit" if ks and plain < ks[-1] else "",
        f"{untold} of the device's {people} people came in windows that tell only how many they "
        "were" if untold else "",
        f"lines are compared in {lines[0].bins} of {len(units)} bins: the others are folded or do "
        "not tell of lines" if lines else "",
        "the history has hours, each of which must be tallied whole: record the counts meanwhile "
        "and give them with --counts FILE (docs/audit.md)"
        if not recorded and (APART in left or UNTOLD in left or len(units) < BINS_MIN) else "",
        *doubts(units),
    ) if note]  # fmt: skip
