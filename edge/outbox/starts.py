"""Counts the later steps of a recovery, which no process lives to tell: kept in the outbox."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.outbox.outbox import Outbox

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Another one at every start of the machine."""

_VISION, _MACHINE, _CAMERA_LOST = "starts", "machine_starts", "camera_lost"
_LAST_BOOT = "last_boot"


class Starts(NamedTuple):
    """How often, since the outbox was made."""

    vision: int
    """Vision was started, by hand, by the service manager or by `reload`."""
    machine: int
    """The machine was found freshly started by it."""
    camera_lost: int
    """Vision ended because the camera could not be brought back by opening it again."""


def count_start(outbox: Outbox, boot_id: Path = BOOT_ID) -> Starts:
    """Count this start of vision, and the machine's if it is the first since then."""
    vision = _one_more(outbox, _VISION)
    boot = _number_of(boot_id)
    if boot != outbox.kept(_LAST_BOOT):
        outbox.keep(_LAST_BOOT, boot)
        machine = _one_more(outbox, _MACHINE)
    else:
        machine = outbox.kept(_MACHINE)
    return Starts(vision, machine, outbox.kept(_CAMERA_LOST))


def count_camera_lost(outbox: Outbox) -> None:
    """Vision ends now because no frame came for `source.give_up_s`."""
    _one_more(outbox, _CAMERA_LOST)


def _one_more(outbox: Outbox, name: str) -> int:
    number = outbox.kept(name) + 1
    outbox.remove((), add={name: 1})
    return number


def _number_of(boot_id: Path) -> int:
    """The machine's start as a number that a table of numbers can hold; 0 where none is told."""
    try:
        return int(boot_id.read_text().replace("-", "")[:13], 16)
    except (OSError, ValueError):
        return 0
