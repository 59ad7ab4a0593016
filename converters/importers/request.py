"""What the parent asks of the process that converts, and what that answers; both as JSON."""

from __future__ import annotations

from msgspec import Struct

from converters.importers.template import Template


class Job(Struct, frozen=True, kw_only=True):
    """What the parent asks for; paths are absolute."""

    template: Template
    file: str
    structure: str = ""
    mean: str = ""
    scheme: str
    calibration_images: int = 0
    reference_images: int = 0
    look: bool = False
    """Whether the file is only looked at: `shown.json` then, and nothing is converted."""


class Shown(Struct, frozen=True, kw_only=True):
    """What a file shows of itself: its picture's sizes, and how many values each output has."""

    picture: tuple[int | None, ...]
    outputs: dict[str, int]


class Done(Struct, frozen=True, kw_only=True):
    """What became of it.

    positions: attribute → its tensor, in the scheme's file and in the float32 one. left_out:
    outputs of the original that nobody reads. reason: why there is no reference, where there is
    none.
    """

    kind: str
    framework: str
    positions: dict[str, tuple[int, int]]
    left_out: tuple[str, ...]
    reason: str = ""
    quantized: bool = False
    """Whether the original rounds activations, so that its answers differ a little."""
    scheme: str = ""
    """How a file that is taken as it is stores its weights."""
    batch_max: int = 8
    """Pictures that one invocation takes at most."""

    @property
    def ready(self) -> bool:
        """Whether the file was a .tflite already."""
        return bool(self.scheme)
