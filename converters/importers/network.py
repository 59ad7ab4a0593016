"""What every reader makes of a file: a function of pictures, and the original's own answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Function = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Network:
    """One published network, read.

    picture: height, width, channels of its input, None where the file leaves it open.
    outputs: name → how many values a face gets. make: outputs' names → a TensorFlow function,
    float32 N × H × W × C → those outputs by name. reference: the same by the framework the file
    was written for, in NumPy; None where that framework can't be had here.
    """

    kind: str
    picture: tuple[int | None, ...]
    outputs: Mapping[str, int]
    make: Callable[[Sequence[str]], Function]
    framework: str
    reference: Callable[[Floats, Sequence[str]], dict[str, Floats]] | None = None
    quantized: bool = False
    """Whether the file rounds activations to integers, which is left to `--scheme int8` here."""
