"""The verbs that ask a store: a question → text."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path

import msgspec

from hub.errors import UsageError
from hub.message import is_name
from hub.report import occupancy_forms
from hub.report.alarms import alarms
from hub.report.build import Report, build
from hub.report.forms import as_csv, as_json
from hub.report.groups import groups_of
from hub.report.occupancy import occupancy
from hub.report.parquet import write_parquet
from hub.report.question import Compared, Question
from hub.report.text import as_text
from hub.store import open_store
from hub.store.base import Member

FORMS: Mapping[str, Callable[[Report], str]] = {"text": as_text, "csv": as_csv, "json": as_json}


def report(address: str, question: Question, form: str, compared: Compared | None) -> str:
    """The report in a form; StoreError where the store can't be read."""
    with closing(open_store(address, reading=True)) as store:
        return FORMS[form](build(store, question, compared))


def report_parquet(address: str, question: Question, compared: Compared | None, out: Path) -> str:
    """The report's rows as a Parquet file; how many there are."""
    with closing(open_store(address, reading=True)) as store:
        found = build(store, question, compared)
    write_parquet(found, out)
    return f"{out}: {len(found.rows)} rows\n"


def occupied(address: str, question: Question, reset_hour: int, form: str) -> str:
    """How many were inside; StoreError where the store can't be read."""
    with closing(open_store(address, reading=True)) as store:
        return occupancy_forms.FORMS[form](occupancy(store, question, reset_hour))


def alarmed(address: str, question: Question, quiet_min: float, form: str) -> tuple[str, bool]:
    """The alarms, one a line or as JSON, and whether there is any."""
    with closing(open_store(address, reading=True)) as store:
        found = alarms(store, question, time.time(), quiet_min)
    if form == "json":
        told = [alarm._asdict() for alarm in found]
        return msgspec.json.encode(told).decode() + "\n", bool(found)
    lines = [f"{one.kind}: {one.site}/{one.device}: {one.text}\n" for one in found]
    return "".join(lines) or "nothing is quiet or unusual\n", bool(found)


def groups(address: str) -> str:
    """Every group and its devices, one a line."""
    with closing(open_store(address, reading=True)) as store:
        found = groups_of(store)
    members = sorted((name, "/".join(device)) for device, names in found.items() for name in names)
    lines = [
        f"{name}: {' '.join(device for _, device in group)}\n"
        for name, group in groupby(members, lambda pair: pair[0])
    ]
    return "".join(lines) or "there is no group\n"


def regroup(address: str, name: str, members: Sequence[Member]) -> None:
    """Let a group be these devices, or none; StoreError where the store can't be changed."""
    if not is_name(name):
        raise UsageError(f"{name}: a group's name is 1 to 64 letters, digits, . _ and -")
    open_store(address, reading=True).close()  # a mistyped path must make no store
    with closing(open_store(address)) as store:
        store.group(name, members)
