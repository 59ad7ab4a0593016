"""What a network asks of a machine; a small one refuses what only a workstation can run."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from edge.errors import ModelError
from edge.runtime.networks.card import Card

HEAVY_BYTES = 64_000_000
HEAVY_MULTIPLY_ADDS = 2_000_000_000
SMALL_MEMORY_BYTES = 4 << 30
PI_4_MULTIPLY_ADDS_PER_S = 7.2e9
"""The most that one core can do: a Cortex-A72 issues four float32 fused multiply-adds a cycle
(one 128-bit FMLA, Arm's optimization guide) at 1.8 GHz. What runs there takes longer than this."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides whether a machine is a small one: its processor's family and its memory."""

    arm: bool
    memory_bytes: int

    @property
    def small(self) -> bool:
        """An Arm board, or any machine with less than 4 GiB."""
        return self.arm or self.memory_bytes < SMALL_MEMORY_BYTES


def this_machine() -> Machine:
    """The machine that this process runs on."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(platform.machine().startswith(("arm", "aarch64")), pages)


def heavy(card: Card) -> bool:
    """Whether only a workstation should run the network."""
    return card.bytes > HEAVY_BYTES or card.multiply_adds > HEAVY_MULTIPLY_ADDS


def refuse_heavy(card: Card, machine: Machine) -> None:
    """ModelError, with size and estimated cost, for a heavy network on a small machine."""
    if heavy(card) and machine.small:
        raise ModelError(
            f"the model {card.name} is for a workstation: {cost(card)}; choose another, "
            "or set estimator.force_heavy = true to run it here all the same"
        )


def cost(card: Card) -> str:
    """Its size and, where they were counted, its multiplications and the least time they take."""
    size = f"{card.bytes / 1e6:,.0f} MB"
    if not card.multiply_adds:
        return size
    least_s = card.multiply_adds / PI_4_MULTIPLY_ADDS_PER_S
    return (
        f"{size} and {card.multiply_adds / 1e6:,.0f} million multiply-adds a face, "
        f"which take a core of a Raspberry Pi 4 {least_s:.2g} s at the very least"
    )
