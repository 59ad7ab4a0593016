"""What a network answered: whole numbers, made real ones as far as somebody asks for them.

A detector's answer has a row for each of some 1,600 places, of which a handful is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[Any]


class Steps(NamedTuple):
    """How a tensor of whole numbers is read: (number − zero) × step; as it is where step is 0."""

    step: NDArray[np.float32]
    zero: NDArray[np.float32]
    """Both without dimensions: NumPy takes longer over a number of Python's than over an array."""

    def real(self, tensor: Tensor) -> Tensor:
        """Whole numbers → float32, of the same shape."""
        values = tensor.astype(np.float32)
        if self.step:
            values -= self.zero
            values *= self.step
        return values


def steps_of(details: dict[str, Any]) -> Steps | None:
    """An interpreter's description of an output → how it is read; None for real numbers."""
    if not np.issubdtype(details["dtype"], np.integer):
        return None
    step, zero = details["quantization"]
    return Steps(np.array(step, np.float32), np.array(zero, np.float32))


class Answers(Sequence[Tensor]):
    """The outputs of one invocation, in the file's order, float32 once they are taken out."""

    def __init__(self, tensors: Sequence[Tensor], steps: Sequence[Steps | None]) -> None:
        """`steps` are the tensors', in the same order."""
        self._tensors = tensors
        self._steps = steps

    def __len__(self) -> int:
        return len(self._tensors)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | list[Tensor]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._real(index, lambda tensor: tensor)

    def rows(self, index: int, chosen: NDArray[np.intp]) -> Tensor:
        """These rows alone of an output of 1 × rows × numbers: len(chosen) × numbers."""
        return self._real(index, lambda tensor: tensor[0].take(chosen, 0))

    def _real(self, index: int, part: Callable[[Tensor], Tensor]) -> Tensor:
        tensor, steps = part(self._tensors[index]), self._steps[index]
        return tensor if steps is None else steps.real(tensor)


def rows_of(outputs: Sequence[Tensor], index: int, chosen: NDArray[np.intp]) -> Tensor:
    """`Answers.rows`, of outputs that are plain tensors too; a copy."""
    if isinstance(outputs, Answers):
        return outputs.rows(index, chosen)
    rows: Tensor = outputs[index][0].take(chosen, 0)
    return rows
