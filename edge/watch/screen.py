"""What is known of the devices → lines of text for a terminal."""

from __future__ import annotations

import os
import re
import textwrap

from edge.messages.bands import ages_of
from edge.messages.counts import VIEW_FLAGS, CountsHead
from edge.messages.messages import Health, State
from edge.output import number
from edge.watch.board import Board, Seen

BAR = 18
"""Widest bar of the age pyramid, in characters."""
BESIDES = 24
"""What stands beside the two bars of a row of the pyramid: numbers, the band, gaps."""
_COLOURS = {"online": "\x1b[32m", "offline": "\x1b[31m", "stopped": "\x1b[33m"}
_OFF = "\x1b[0m"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def screen(board: Board, status: str, *, width: int, height: int) -> str:
    """The whole picture: each device in full, or in a line where not all fit the terminal."""
    devices = [board.devices[name] for name in sorted(board.devices)]
    lines = [f"agender-edge watch · {status} · Ctrl-C ends"[:width], ""]
    if not devices:
        lines.append("No device heard of yet.")
    full = [line for seen in devices for line in device_lines(seen, width=width)]
    if len(lines) + len(full) < height:
        return "\n".join(lines + full)
    brief = [device_line(seen, width=width) for seen in devices]
    hidden = len(lines) + len(brief) - (height - 2)
    if hidden > 0:
        brief = [*brief[: len(brief) - hidden], f"… and {hidden} more"]
    return "\n".join([*lines, *brief][: max(height - 1, 1)])


def device_line(seen: Seen, *, width: int) -> str:
    """One device in one line: presence, the last window, what is wrong."""
    parts = [f"{seen.name:<20} {seen.availability:<8}"]
    if seen.paused:
        parts.append("paused")
    elif seen.state is not None:
        parts.append(f"present {_told(seen.state.present)}")
    if seen.windows:
        last = seen.windows[-1]
        parts.append(f"{last.end[11:16]} UTC {number(last.people, 'person', 'people')}")
    if seen.missing:
        parts.append(f"{seen.missing} windows missing")
    if seen.health is not None:
        parts += troubles(seen.health)
    return _coloured_dot(seen) + " · ".join(parts)[: width - 2]


def presence(state: State) -> str:
    """Who is in view, as far as the device tells."""
    return f"present {_told(state.present)}, attending {_told(state.attending)}"


def _told(people: int | None) -> str:
    return "few or none" if people is None else str(people)


def device_lines(seen: Seen, *, width: int) -> list[str]:
    """One device: presence, age pyramid, last windows, health."""
    head = f"{_coloured_dot(seen)}{seen.name}  {seen.availability}"
    head += f"  {presence(seen.state)}" if seen.state is not None else ""
    head += "  PAUSED" if seen.paused else ""
    bar = min(max((width - BESIDES) // 2, 1), BAR)
    lines = [*_fit(head, width), *(f"  {line}" for line in _pyramid(seen, bar))]
    lines += [f"  {window_line(counts)}"[:width] for counts in reversed(seen.windows)]
    if seen.health is not None:
        lines.append(f"  {health_line(seen.health)}"[:width])
    untold = f", {seen.untold} of them too few to tell more" if seen.untold else ""
    heard = (
        f"  heard: {number(seen.people, 'person', 'people')}{untold}; "
        f"windows missing {seen.missing}, lost {seen.lost}, repeated {seen.repeats}"
    )
    return [*lines, *_fit(heard, width), ""]


def _fit(line: str, width: int) -> list[str]:
    """A line in pieces no wider than the terminal; what colours it takes no room."""
    colours = "".join(_COLOUR.findall(line))
    return textwrap.wrap(line, width + len(colours), initial_indent="", subsequent_indent="    ",
                         drop_whitespace=True, replace_whitespace=False)  # fmt: skip


def window_line(counts: CountsHead) -> str:
    """A window in words."""
    begin, end = counts.start[11:19], counts.end[11:19]
    if counts.lost:
        return f"window {counts.seq} was lost by the device"
    text = f"{begin}–{end} UTC  {number(counts.people, 'person', 'people')}"
    if counts.female is not None and counts.male is not None:
        women, men = number(counts.female, "woman", "women"), number(counts.male, "man", "men")
        text += f": {women}, {men}, {counts.gender_unknown} unknown"
    if counts.observed_s < counts.window_s * 0.95:
        text += f" (watched {counts.observed_s:.0f} of {counts.window_s:.0f} s)"
    return text


def health_line(health: Health) -> str:
    """How the device is, in words."""
    parts = [] if health.fps_processed is None else [f"{health.fps_processed:.1f} fps"]
    if health.temperature_celsius is not None:
        parts.append(f"{health.temperature_celsius:.0f} °C")
    if health.vision_memory_mb is not None:
        parts.append(f"{health.vision_memory_mb:.0f} MB")
    depth = "unreadable" if health.outbox_depth is None else health.outbox_depth
    parts.append(f"outbox {depth}")
    return " · ".join(parts + troubles(health))


def troubles(health: Health) -> list[str]:
    """What is wrong with the device, in words; empty where nothing is."""
    found = {
        "vision is not running": not health.vision_running,
        "no picture from the camera": health.vision_running and not health.camera_ok,
        "throttled": bool(health.throttled),
        "clock not synchronised": not health.clock_synced,
        f"{health.outbox_in_memory} windows wait in memory: disk full?": health.outbox_in_memory,
        f"{health.outbox_dropped} windows dropped": health.outbox_dropped,
        f"{health.windows_refused} windows refused": health.windows_refused,
        "paused, since whether it was could not be read": health.pause_reason == "unreadable",
    } | {flag.replace("_", " "): getattr(health, flag) for flag in VIEW_FLAGS}
    return [text for text, is_so in found.items() if is_so]


def _coloured_dot(seen: Seen) -> str:
    """Its availability as a colour, unless the user wants none (no-color.org)."""
    colour = "" if os.environ.get("NO_COLOR") else _COLOURS.get(seen.availability, "")
    return f"{colour}●{_OFF if colour else ''} "


def _pyramid(seen: Seen, bar: int) -> list[str]:
    """Women to the left, men to the right, the oldest on top."""
    largest = max(seen.pyramid.values(), default=0)
    if not largest:
        return []
    rows = [f"{'women':>{bar + 5}}  {'age':^7}  men"]
    for age in _rows(seen):
        women, men = seen.pyramid.get(("female", age), 0), seen.pyramid.get(("male", age), 0)
        label = age.replace("_plus", "+").replace("_", "–")
        left, right = "█" * _length(women, largest, bar), "█" * _length(men, largest, bar)
        rows.append(f"{women or '':>4} {left:>{bar}}  {label:^7}  {right} {men or ''}".rstrip())
    return rows


def _rows(seen: Seen) -> list[str]:
    """The bands to show, the oldest first: those of the last window, and others heard before."""
    known = ages_of(seen.windows[-1].bands) if seen.windows else ()
    heard = [age for (_, age), people in seen.pyramid.items() if people and age not in known]
    return list(reversed([*dict.fromkeys(heard), *known]))


def _length(people: int, largest: int, bar: int) -> int:
    """At least one character for anybody at all."""
    return max(round(people * bar / largest), 1) if people else 0
