"""What is known of the devices → lines of text for a terminal."""

from __future__ import annotations

from edge.bands import AGES
from edge.messages import CountsHead, Health
from edge.watch.board import Board, Seen

BAR = 18
"""Widest bar of the age pyramid, in characters."""
_COLOURS = {"online": "\x1b[32m", "offline": "\x1b[31m", "stopped": "\x1b[33m"}
_OFF = "\x1b[0m"


def screen(board: Board, status: str, *, width: int, height: int) -> str:
    """The whole picture, cut to the terminal's size."""
    lines = [f"agender-edge watch · {status} · Ctrl-C ends", ""]
    if not board.devices:
        lines.append("No device heard of yet.")
    for name in sorted(board.devices):
        lines += device_lines(board.devices[name], width=width)
    if len(lines) > height - 1:
        lines = [*lines[: height - 2], "… more than fits; --only SITE/DEVICE shows one device"]
    return "\n".join(lines)


def device_lines(seen: Seen, *, width: int) -> list[str]:
    """One device: presence, age pyramid, last windows, health."""
    colour = _COLOURS.get(seen.availability, "")
    head = f"{colour}●{_OFF if colour else ''} {seen.name}  {seen.availability}"
    if seen.state is not None:
        paused = "  PAUSED" if seen.state.paused else ""
        head += f"  present {seen.state.present}, attending {seen.state.attending}{paused}"
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
    troubles = {
        "vision is not running": not health.vision_running,
        "no picture from the camera": health.vision_running and not health.camera_ok,
        "throttled": bool(health.throttled),
        "clock not synchronised": not health.clock_synced,
        f"{health.outbox_in_memory} windows wait in memory: disk full?": health.outbox_in_memory,
        f"{health.outbox_dropped} windows dropped": health.outbox_dropped,
    }
    return " · ".join(parts + [text for text, is_so in troubles.items() if is_so])


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
