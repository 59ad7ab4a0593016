"""A tally as a file: JSON of one version, checked as it is read, written whole or not at all.

It holds sums by window and nothing finer: no key, no time of a key, no person.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from edge.config.places import PlaceName
from edge.config.section import SafeName
from edge.config.zone import ahead_in
from edge.errors import ConfigError
from edge.messages.bands import TOLD_GENDERS, ages_of
from edge.messages.checking import YEARS
from edge.messages.fields import Numbering, People, Timestamp
from edge.messages.unreadable import UNREADABLE
from edge.whole_files import replacing

FORMAT: Literal["agender-tally"] = "agender-tally"
VERSION: Literal[1] = 1
CHANGE_S = 7_200
"""By more than this no clock is put back for the winter, which makes a window longer."""
BYTES_MAX = 32_000_000
"""Of a file that is read; a year of minutes has some 100 bytes each."""
RECORDING = re.compile(rb'/counts \{|^\{"(schema|device)":')
"""How a recording of messages begins, with topics, without, or as `watch --json` writes it."""
GENDERS = (*TOLD_GENDERS, "gender_unknown")

Scheme = Literal["fine", "coarse"]
Counts = dict[Annotated[str, Meta(max_length=48)], People]


class Bin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was tallied in the window from `start` to `end`; what is 0 is left away.

    `whole` tells whether the auditor watched all of it. The keys are those of the `counts` message.
    """

    start: Timestamp
    end: Timestamp
    whole: bool
    counts: Counts

    @property
    def span_s(self) -> tuple[float, float]:
        """Start and end, in seconds since 1970."""
        return tuple(datetime.fromisoformat(text).timestamp() for text in (self.start, self.end))  # type: ignore[return-value]


class Tally(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One auditor's tally of one device, by the rules that the device then had.

    With `k` above 1 bins hold `people` alone; else genders too, ages in the scheme `bands`, if
    tallied, and crossings of the `lines`. `id` is random: by it one given twice is told from two.
    """

    format: Literal["agender-tally"] = FORMAT
    version: Literal[1] = VERSION
    id: Numbering = msgspec.field(default_factory=lambda: secrets.token_hex(6))
    site: SafeName
    device: SafeName
    timezone: Annotated[str, Meta(max_length=64)]
    window_s: Annotated[float, Meta(ge=1, le=86_400)]
    k: Annotated[int, Meta(ge=1, le=100_000)]
    bands: Scheme | None = None
    lines: Annotated[tuple[PlaceName, ...], Meta(max_length=16)] = ()
    bins: tuple[Bin, ...] = ()

    @property
    def name(self) -> str:
        """Of the device, as SITE/DEVICE."""
        return f"{self.site}/{self.device}"

    @property
    def people(self) -> int:
        """In all bins together."""
        return sum(each.counts.get("people", 0) for each in self.bins)

    @property
    def keys(self) -> frozenset[str]:
        """The keys that its bins may have."""
        if self.k > 1:
            return frozenset(("people",))
        ages = [f"age_{age}" for age in ages_of(self.bands)] if self.bands else []
        lines = [f"line_{name}_{way}" for name in self.lines for way in ("in", "out")]
        return frozenset(("people", *GENDERS, *ages, *lines))


def read(path: Path) -> Tally:
    """The tally in a file; ConfigError, of one sentence, where it is none or breaks a rule."""
    try:
        with path.open("rb") as opened:
            text = opened.read(BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if len(text) > BYTES_MAX:
        raise ConfigError(f"{path}: no tally is larger than {BYTES_MAX // 1_000_000} MB")
    try:
        tally = msgspec.convert(_of_this_version(text), Tally)
        ahead_in(tally.timezone)  # raises where there is no such zone
        _check(tally)
    except (*UNREADABLE, ValueError) as error:
        raise ConfigError(f"{path} is no tally that can be read: {error}") from None
    return tally


def _of_this_version(text: bytes) -> Mapping[str, Any]:
    if not text.strip():
        raise ValueError("it is empty")
    if RECORDING.search(text[:300]):
        raise ValueError("it looks like recorded messages, which --counts takes")
    found = msgspec.json.decode(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f'it does not say "format": "{FORMAT}"')
    version = found.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ValueError(f"it is of version {version!r:.20}, and this program reads {VERSION}")
    return found


def _check(tally: Tally) -> None:
    """ValueError names the first bin that breaks a rule, counted from 1."""
    before_s = float("-inf")
    for place, each in enumerate(tally.bins, 1):
        start_s, end_s = each.span_s
        if trouble := _trouble(tally, each, start_s - before_s, end_s - start_s):
            raise ValueError(f"bin {place} of {len(tally.bins)} {trouble}")
        before_s = start_s


def _trouble(tally: Tally, each: Bin, after_s: float, length_s: float) -> str:
    """What is wrong with a bin that begins so long after the one before it; empty where nothing."""
    if any(int(stamp[:4]) not in YEARS for stamp in (each.start, each.end)):
        return f"is not from {YEARS[0]} to {YEARS[-1]}"
    if after_s <= 0:
        return "does not begin after the one before it"
    if length_s <= 0:
        return "ends before it begins"
    if length_s > 2 * tally.window_s + CHANGE_S:
        return "is longer than a window"
    return _miscounted(tally, each.counts)


def _miscounted(tally: Tally, counts: Counts) -> str:
    """Which key a bin should not have, or that its parts are not its people."""
    if strange := set(counts) - tally.keys:
        return f"counts {min(strange)!r:.50}, which this tally does not say it counts"
    if tally.k > 1:
        return ""
    people = counts.get("people", 0)
    splits: list[tuple[str, ...]] = [GENDERS]
    if tally.bands:
        splits.append(tuple(f"age_{age}" for age in ages_of(tally.bands)))
    wrong = any(sum(counts.get(key, 0) for key in keys) != people for keys in splits)
    return f"has {people} people, and its parts do not add up to that" if wrong else ""


def write(path: Path, tally: Tally) -> None:
    """Write it for its owner alone; OSError where that can't be, and the file is as before."""
    text = msgspec.json.format(msgspec.json.encode(tally), indent=1)
    with replacing(path) as fresh:
        fresh.chmod(0o600)
        with fresh.open("wb") as opened:
            opened.write(text + b"\n")
            opened.flush()
            os.fsync(opened.fileno())


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep a second tally from writing the same file meanwhile; ConfigError where one does."""
    lock = path.with_name(f".{path.name}.lock")
    try:
        held = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"--out {path}: {error.strerror}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise ConfigError(f"{path} is being written by another tally; choose --out FILE") from None
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()
        os.close(held)
