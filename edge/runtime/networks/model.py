"""A model card and its network, ready to run: LiteRT where installed, else tflite-runtime."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.errors import ModelError
from edge.runtime.frame import Image
from edge.runtime.networks import agreement, resource_limits
from edge.runtime.networks.answers import Answers, Tensor, steps_of
from edge.runtime.networks.card import Card, Input, card_of, read_model
from edge.runtime.networks.chatter import without_remarks
from edge.runtime.networks.processor import processor_class

log = logging.getLogger(__name__)

BUCKETS = (8, 4, 2, 1)
"""Batch sizes kept allocated. Any batch is a sum of these, so nothing is ever padded."""


SAME = np.arange(256)[None, :, None]
"""The values of an input that takes pixels as they are."""
SHIFTED = np.arange(-128, 128, dtype=np.int8)[None, :, None]
"""The values of an int8 input whose step is one pixel value: its top bit is flipped, no more,
which vector code does in a twentieth of a look-up's time."""


@cache
def runtime() -> tuple[str, Callable[..., Any]]:
    """The installed TFLite runtime's name and its Interpreter class."""
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        return "ai-edge-litert", Interpreter
    except ImportError:
        pass
    try:
        from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            "no TFLite runtime is installed: `pip install ai-edge-litert` "
            "(on 32-bit Arm: tflite-runtime and numpy<2)"
        ) from error
    # With numpy 2 the import succeeds and the first Interpreter() kills the process.
    if int(np.__version__.split(".")[0]) >= 2:
        raise ModelError(f"tflite-runtime needs numpy<2, but numpy {np.__version__} is installed")
    return "tflite-runtime", Interpreter


class Network:
    """One .tflite file: a uint8 batch in, the output tensors out.

    An interpreter is kept allocated for each batch size of BUCKETS; a size that `prepare` did not
    make is made on first use. Memory does not grow afterwards.
    """

    def __init__(self, card: Card, content: bytes, threads: int = 1) -> None:
        self.card = card
        self._content = content
        self._threads = threads
        self._sized: dict[int, _Sized] = {}

    def trial(self) -> list[Tensor]:
        """The answers to one picture of noise; nothing stays allocated.

        ModelError where the file is not as its card says, or answers with what is no number.
        """
        spec = self.card.input
        shape = (1, spec.height, spec.width, spec.channels)
        noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        outputs = list(_Sized(self.card, self._content, 1, self._threads).run(noise))
        if not all(np.isfinite(output).all() for output in outputs):
            raise ModelError(f"the model {self.card.name} answers with numbers that are none (NaN)")
        return outputs

    def described(self, card: Card) -> Network:
        """The same network under another card: another crop, another size of picture."""
        return Network(card, self._content, self._threads)

    def run(self, batch: Image) -> list[Tensor]:
        """N × height × width × channels uint8 as the card says → outputs, dequantized float32.

        Every output's first dimension is N.
        """
        parts: list[Answers] = []
        start = 0
        for size in self._buckets:
            while len(batch) - start >= size:
                parts.append(self._bucket(size).run(batch[start : start + size]))
                start += size
        if len(parts) == 1:
            return list(parts[0])
        return [np.concatenate(tensors) for tensors in zip(*parts, strict=True)]

    def look(self, picture: Image) -> Answers:
        """One picture, 1 × height × width × channels, as `run` takes it."""
        return self._bucket(1).run(picture)

    def prepare(self, largest: int) -> None:
        """Allocate every bucket up to `largest` now, so that no frame has to wait for it."""
        for size in self._buckets:
            if size <= largest:
                self._bucket(size)

    @property
    def _buckets(self) -> list[int]:
        return [size for size in BUCKETS if size <= self.card.input.batch_max]

    @property
    def delegated(self) -> bool:
        """Whether XNNPACK runs the network; it may stay away silently, and all is slow then."""
        return self._bucket(1).delegated

    def _bucket(self, size: int) -> _Sized:
        if size not in self._sized:
            self._sized[size] = _Sized(self.card, self._content, size, self._threads)
        return self._sized[size]


class _Sized:
    """An interpreter allocated for one batch size."""

    def __init__(self, card: Card, content: bytes, size: int, threads: int) -> None:
        _, make = runtime()
        try:
            with without_remarks():
                self._interpreter = make(model_content=content, num_threads=threads)
                entries = self._interpreter.get_input_details()
                agreement.check_input(card, entries)
                entry = entries[0]
                shape = (size, card.input.height, card.input.width, card.input.channels)
                if tuple(entry["shape"]) != shape:
                    self._interpreter.resize_tensor_input(entry["index"], shape)
                self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise ModelError(f"the model {card.name} cannot be loaded: {error}") from error
        self._index: int = entry["index"]
        outputs = self._interpreter.get_output_details()
        agreement.check_outputs(card, outputs, size)
        self._places = [output["index"] for output in outputs]
        self._steps = [steps_of(output) for output in outputs]
        self._table = value_table(card.input, entry["dtype"], entry["quantization"])
        channels = card.input.channels
        self._same = np.array_equal(self._table, np.repeat(SAME, channels, axis=2))
        self._shifted = np.array_equal(self._table, np.repeat(SHIFTED, channels, axis=2))

    @property
    def delegated(self) -> bool:
        operations = self._interpreter._get_ops_details()
        return any(operation["op_name"] == "DELEGATE" for operation in operations)

    def run(self, batch: Image) -> Answers:
        n, height, width, channels = batch.shape
        # A view into the interpreter's own memory, dropped before invoke() as the API asks.
        view = self._interpreter.tensor(self._index)().reshape(n * height, width, channels)
        rows = batch.reshape(n * height, width, channels)
        if self._shifted:
            np.bitwise_xor(rows, 0x80, out=view.view(np.uint8))
        elif self._same:
            np.copyto(view, rows)
        else:
            cv2.LUT(rows, self._table, view)
        del view
        self._interpreter.invoke()
        return Answers([self._interpreter.get_tensor(i) for i in self._places], self._steps)


def value_table(spec: Input, dtype: Any, quantization: tuple[float, int]) -> Tensor:
    """1 × 256 × channels: what each pixel value becomes in the input tensor."""
    pixels = np.arange(256, dtype=np.float64)[:, None]
    mean, scale = (np.array(part[: spec.channels]) for part in (spec.mean, spec.scale))
    values = (pixels - mean) * scale
    if np.issubdtype(dtype, np.integer):
        step, zero = quantization if quantization[0] else (1.0, 0)  # a file may hold whole numbers
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values / step) + zero, limits.min, limits.max)
    return np.ascontiguousarray(values[None].astype(dtype))


def load(name: str, folder: Path, threads: int = 1, *, force_heavy: bool = False) -> Network:
    """The network `name` of a folder of models, or its variant for the processor found here.

    Its bytes and its answers are checked against its card; ModelError where they differ, and for
    what is too heavy for this machine unless `force_heavy`.
    """
    card, path = card_of(name, folder)
    variant = card.variants.get(processor_class(), name)
    if variant != name:
        log.info("%s: using its variant %s (processor: %s)", name, variant, processor_class())
        card, path = card_of(variant, folder)
    if not force_heavy:
        resource_limits.refuse_heavy(card, resource_limits.this_machine())
    return opened(card, path, threads)


def opened(card: Card, path: Path, threads: int = 1) -> Network:
    """The network beside the card in the file `path`; ModelError where they differ.

    An estimator is tried here, a detector where its decoder is known.
    """
    network = Network(card, read_model(card, path.with_suffix(".tflite")), threads)
    if card.task == "estimate":
        network.trial()
    return network


def parts_of(cards: Iterable[Card], folder: Path) -> tuple[str, ...]:
    """The cards in `folder` that detectors' cards name as their narrower siblings."""
    named = {part for card in cards if card.detector for part in card.detector.parts}
    return tuple(part for part in sorted(named) if (folder / f"{part}.json").is_file())
