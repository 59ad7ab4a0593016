"""What a detector's module offers to the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converters.sources import Original
from edge.runtime.networks.card import Card


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for; None = the recipe's own default."""

    sizes: tuple[tuple[int, int], ...] | None = None
    scheme: str | None = None
    calibration: NDArray[np.float32] | None = None
    """Pictures as the network's input, N × H × W × 3, for int8."""
    beside: tuple[tuple[int, int], ...] = ()
    """Sizes that are converted in other calls, which these may name as their parts."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A published detector, and how its original becomes (flatbuffer, card) pairs."""

    summary: str
    original: Original
    build: Callable[[bytes, Options], Iterable[tuple[bytes, Card]]]
    fixed: bool = False
    """Published as a .tflite file: described, not converted."""
    cascade: bool = False
    """One network of several: finds no faces alone."""
