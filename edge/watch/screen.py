"""What is known of the devices → lines of text for a terminal."""

from __future__ import annotations

from edge.bands import AGES
from edge.messages import CountsHead, Health, State
from edge.watch.board import Board, Seen

BAR = 18
"""Widest bar of the age pyramid, in characters."""
_COLOURS = {"online": "\x1b[32m", "offline": "\x1b[31m", "stopped": "\x1b[33m"}
_OFF = "\x1b[0m"


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
    if seen.state is not None:
        parts.append("paused" if seen.state.paused else f"present {_told(seen.state.present)}")
    if seen.windows:
        last = seen.windows[-1]
        parts.append(f"{last.end[11:16]} UTC {last.people} people")
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
    if seen.state is not None:
        paused = "  PAUSED" if seen.state.paused else ""
        head += f"  {presence(seen.state)}{paused}"
    lines = [head, *(f"  {line}" for line in _pyramid(seen))]
    lines += [f"  {window_line(counts)}"[:width] for counts in reversed(seen.windows)]
    if seen.health is not None:
        lines.append(f"  {health_line(seen.health)}"[:width])
    lines.append(f"  heard: {seen.people} people; windows missing {seen.missing}, "
                 f"repeated {seen.repeats}")  # fmt: skip
    return [*lines, ""]


def window_line(counts: CountsHead) -> str:
    """A window in words."""
    begin, end = counts.start[11:19], counts.end[11:19]
    text = (
        f"{begin}–{end} UTC  {counts.people} people: {counts.female} women, {counts.male} men, "
        f"{counts.gender_unknown} unknown"
    )
    if counts.observed_s < counts.window_s * 0.95:
        text += f" (watched {counts.observed_s:.0f} of {counts.window_s:.0f} s)"
    return text


def health_line(health: Health) -> str:
    """How the device is, in words."""
    parts = [f"{health.fps_processed:.1f} fps"]
    if health.temperature_celsius is not None:
        parts.append(f"{health.temperature_celsius:.0f} °C")
    parts += [f"{health.vision_memory_mb:.0f} MB", f"outbox {health.outbox_depth}"]
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
    }
    return [text for text, is_so in found.items() if is_so]


def _coloured_dot(seen: Seen) -> str:
    colour = _COLOURS.get(seen.availability, "")
    return f"{colour}●{_OFF if colour else ''} "


def _pyramid(seen: Seen) -> list[str]:
    """Women to the left, men to the right, the oldest on top."""
    largest = max(seen.pyramid.values(), default=0)
    if not largest:
        return []
    rows = [f"{'women':>{BAR + 5}}  {'age':^7}  men"]
    for age in reversed(AGES):
        women, men = seen.pyramid.get(("female", age), 0), seen.pyramid.get(("male", age), 0)
        label = age.replace("_plus", "+").replace("_", "–")
        left, right = "█" * _length(women, largest), "█" * _length(men, largest)
        rows.append(f"{women or '':>4} {left:>{BAR}}  {label:^7}  {right} {men or ''}".rstrip())
    return rows


def _length(people: int, largest: int) -> int:
    """At least one character for anybody at all."""
    return max(round(people * BAR / largest), 1) if people else 0
