"""The flags of the verbs that ask a store, and what they ask."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from hub.errors import UsageError
from hub.flags import add_store, within
from hub.message import is_name
from hub.report.occupancy import RESET_HOUR
from hub.report.question import Question, asked
from hub.store.base import Member


def add_report(parser: argparse.ArgumentParser) -> None:
    """Which figures, of whom, in which form."""
    add_store(parser)
    parser.add_argument(
        "--by",
        choices=("hour", "day", "week"),
        default="day",
        help="local time of the devices; weeks begin on Monday",
    )
    parser.add_argument(
        "--per",
        choices=("device", "site", "group"),
        default="device",
        help="a row for each, or sums of a site's or a group's devices (agender-hub group)",
    )
    _add_whom(parser)
    parser.add_argument(
        "--before",
        dest="compared",
        choices=("week", "year"),
        help="beside each row its people of the same weekday 7 or 364 days before",
    )
    form = _add_form(parser, ("csv", "json"))
    form.add_argument(
        "--parquet", type=Path, metavar="FILE",
        help="the rows into a Parquet file (needs the extra parquet)",
    )  # fmt: skip


def add_occupancy(parser: argparse.ArgumentParser) -> None:
    """Of which entrances, and when the night is."""
    add_store(parser)
    _add_whom(parser)
    parser.add_argument(
        "--reset",
        type=within(0, 23),
        default=RESET_HOUR,
        metavar="HOUR",
        help="when counting begins anew each night, by the clock there",
    )
    _add_form(parser, ("csv", "json"))


def add_alarms(parser: argparse.ArgumentParser) -> None:
    """Of which devices and which day, and how long is quiet."""
    add_store(parser)
    parser.add_argument("--site", metavar="SITE", help="of one site only")
    parser.add_argument("--device", metavar="DEVICE", help="of devices of this name only")
    parser.add_argument(
        "--day", metavar="DATE", help="which is held against its weekday (default: yesterday)"
    )
    parser.add_argument(
        "--quiet-min",
        type=within(1, 100_000, float),
        default=60.0,
        metavar="MINUTES",
        help="without a window for so long a device is quiet",
    )
    _add_form(parser, ("json",))


def add_group(parser: argparse.ArgumentParser) -> None:
    """A group's name and its devices."""
    add_store(parser)
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="of the group; without it: list all"
    )
    parser.add_argument(
        "devices", nargs="*", metavar="SITE/DEVICE", help="its devices, all of them"
    )
    parser.add_argument("--remove", action="store_true", help="take the group away")


def _add_whom(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="SITE", help="of one site only")
    parser.add_argument("--device", metavar="DEVICE", help="of devices of this name only")
    parser.add_argument("--group", metavar="NAME", help="of one group only (agender-hub group)")
    parser.add_argument(
        "--from", dest="first", metavar="DATE", help="first day (default: six days before the last)"
    )
    parser.add_argument("--to", dest="last", metavar="DATE", help="last day (default: today)")


def _add_form(
    parser: argparse.ArgumentParser, names: Sequence[str]
) -> argparse._MutuallyExclusiveGroup:
    form = parser.add_mutually_exclusive_group()
    form.set_defaults(form="text")
    for name in names:
        form.add_argument(
            f"--{name}",
            dest="form",
            action="store_const",
            const=name,
            default=argparse.SUPPRESS,
            help=f"{name.upper()} instead of text",
        )
    return form


def question(parsed: argparse.Namespace) -> Question:
    """What the flags of `report` ask."""
    days, whose = (parsed.first, parsed.last), (parsed.site, parsed.device)
    if parsed.group is not None and parsed.per != "group":
        raise UsageError("--group names one group of --per group")
    found = asked(parsed.by, parsed.per, days, whose, date.today())
    return found._replace(group=parsed.group)


def question_of_occupancy(parsed: argparse.Namespace) -> Question:
    """Whose lines, on which days."""
    days, whose = (parsed.first, parsed.last), (parsed.site, parsed.device)
    if whose == (None, None) and parsed.group is None:
        raise UsageError("whose entrances? name a --site, or a --group of devices")
    return asked("hour", "device", days, whose, date.today())._replace(group=parsed.group)


def question_of_alarms(parsed: argparse.Namespace) -> Question:
    """Which devices, and the day as its last."""
    day = parsed.day or (date.today() - timedelta(days=1)).isoformat()
    return asked("day", "device", (day, day), (parsed.site, parsed.device), date.today())


def members(parsed: argparse.Namespace) -> list[Member]:
    """The devices of a group; UsageError for what names none."""
    found = [tuple(text.split("/")) for text in parsed.devices]
    for text, parts in zip(parsed.devices, found, strict=True):
        if len(parts) != 2 or not all(map(is_name, parts)):
            raise UsageError(f"{text}: a device is named SITE/DEVICE, as shop/door")
    if bool(found) == parsed.remove:
        raise UsageError("name the group's devices, all of them, or --remove it")
    return [(site, device) for site, device in found]
