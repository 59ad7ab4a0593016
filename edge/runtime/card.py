"""The model card: everything about a network that the runtime must know, as JSON beside it.

`NAME.json` describes `NAME.tflite`. The runtime holds no constant about any network; a network
is exchanged by exchanging the two files. The same JSON is embedded in the .tflite as a ZIP
archive appended to the flatbuffer (TensorFlow Lite Metadata's associated files), so a file that
lost its companion can still be read. `bytes` and `sha256` describe the flatbuffer, the part
before the archive.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from edge.errors import ModelError
from edge.runtime.processor import ProcessorClass

Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(gt=0)]
AGE_KINDS = ("regression", "expectation", "argmax", "index")
GENDER_KINDS = ("probability", "softmax")


class _Part(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the card's parts: immutable, and an unknown key is an error."""


class Input(_Part, frozen=True):
    """How pixels become the input tensor, N × height × width × 3.

    tensor = (pixel − mean) × scale, for pixels 0..255 in `colour` order, channel by channel;
    an integer tensor is then quantized with the tensor's own scale and zero point. `within` says,
    for the record, what the network itself does with that tensor before its first layer: a mean
    picture it subtracts, a standardization of each picture.
    """

    width: Positive
    height: Positive
    colour: Literal["bgr", "rgb"]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    within: str = ""


class Alignment(_Part, frozen=True):
    """Where a crop's landmarks lie, as fractions of its width and height."""

    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    nose: tuple[float, float]
    mouth: tuple[float, float]


class Crop(_Part, frozen=True):
    """How a face is cut from the full frame.

    With `alignment`, and where the detector gives keypoints, the least-squares similarity
    transform brings the landmarks to the named places. Otherwise a square round the box's centre
    is cut whose side is (1 + 2 × margin) × the box's longer side. `margins` overrides `margin`
    for a detector family, since each draws its boxes differently.
    """

    margin: float
    margins: dict[str, float] = {}
    alignment: Alignment | None = None


class Output(_Part, frozen=True, kw_only=True):
    """How one output tensor becomes an attribute; `edge.runtime.decode` has the table of kinds.

    `tensor` is the output's index in the file. `values` are the classes' years, in the tensor's
    order (none: the classes' indices), `labels` their names, `factor` and `offset` are applied to
    the years found. Of two genders `positive` is the one at `positive_index`.
    """

    attribute: Literal["age", "gender"]
    kind: Literal["regression", "expectation", "argmax", "index", "probability", "softmax"]
    tensor: int = 0
    values: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    factor: float = 1.0
    offset: float = 0.0
    positive: Literal["female", "male"] = "female"
    positive_index: Annotated[int, Meta(ge=0)] = 0
    logits: bool = False

    def __post_init__(self) -> None:
        kinds = GENDER_KINDS if self.attribute == "gender" else AGE_KINDS
        if self.kind not in kinds:
            raise ValueError(
                f"an output for {self.attribute} is of kind {', '.join(kinds)}, not {self.kind}"
            )
        if self.kind == "argmax" and not self.values:
            raise ValueError("an output of kind argmax needs `values`, the years of each class")
        if self.labels and len(self.labels) != len(self.values):
            raise ValueError(f"{len(self.labels)} labels name {len(self.values)} values")


class Estimator(_Part, frozen=True):
    """What an estimator's runtime needs beyond its input."""

    crop: Crop
    outputs: tuple[Output, ...]
    gender_confidence_min: Fraction = 0.6
    age_spread_max_years: float | None = None


class Prior(_Part, frozen=True, kw_only=True):
    """One level of an SSD's prior boxes; `smallest` and `largest` are sides in network pixels."""

    cells: Positive
    step: Positive
    smallest: float
    largest: float
    ratios: tuple[float, ...] = ()


class Detector(_Part, frozen=True, kw_only=True):
    """What a detector's runtime needs beyond its input; meaning depends on the family."""

    family: str
    score_min: Fraction
    score_low: Fraction
    nms_iou: Fraction = 0.3
    strides: tuple[int, ...] = ()
    anchors_per_cell: tuple[int, ...] = ()
    priors: tuple[Prior, ...] = ()
    variances: tuple[float, float] = (0.1, 0.2)
    tensors: dict[str, int] = {}
    parts: tuple[str, ...] = ()
    """Cards of the same network for some of a picture's columns: as high, the narrowest first."""


class Confusion(_Part, frozen=True):
    """How a network errs: rows are the truth, columns the answer, entries counts of faces."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    data: str


class Licence(_Part, frozen=True):
    """Who may use this, for what, and whom to name."""

    code: str
    weights: str
    training_data: str
    commercial_use: bool
    attribution: str = ""


class Source(_Part, frozen=True):
    """Where the weights came from, and the hash they had there."""

    origin: str
    sha256: str
    author: str = ""


class Card(_Part, frozen=True, kw_only=True):
    """One network file, described. See the module's docstring for `bytes` and `sha256`."""

    card_schema: Literal[1] = 1
    name: str
    description: str
    licence: Licence
    task: Literal["detect", "estimate"]
    bytes: Positive
    sha256: str
    quantization: str
    multiply_adds: Annotated[int, Meta(ge=0)] = 0
    """Multiplications of one invocation on one picture, where they were counted."""
    input: Input
    detector: Detector | None = None
    estimator: Estimator | None = None
    source: Source
    variants: dict[ProcessorClass, str] = {}
    """Processor class → the card to use there in place of this one."""
    intended_use: str = ""
    limits: str = ""
    confusion: dict[str, Confusion] = {}
    evidence: dict[str, Any] = {}

    def __post_init__(self) -> None:
        part = self.detector if self.task == "detect" else self.estimator
        if part is None:
            missing = "detector" if self.task == "detect" else "estimator"
            raise ValueError(f"a card of task {self.task!r} needs its `{missing}` part")

    @property
    def detecting(self) -> Detector:
        """The detector's part; ModelError for another kind of network."""
        if self.detector is None:
            raise ModelError(f"the model {self.name!r} is made to {self.task}, not to detect")
        return self.detector

    @property
    def estimating(self) -> Estimator:
        """The estimator's part; ModelError for another kind of network."""
        if self.estimator is None:
            raise ModelError(f"the model {self.name!r} is made to {self.task}, not to estimate")
        return self.estimator


def read_card(path: Path) -> Card:
    """The card in the file `path`; ModelError where it is missing or wrong."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise ModelError(f"cannot read the model card {path}: {error.strerror}") from error
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise ModelError(f"the model card {path} is not valid: {error}") from error


def read_model(card: Card, path: Path) -> bytes:
    """The bytes of the network that `card` describes; ModelError where they are not those."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror}") from error
    if hashlib.sha256(content[: card.bytes]).hexdigest() != card.sha256:
        raise ModelError(
            f"the model {path} is not the one its card describes (SHA-256 differs): "
            "the file is damaged or was exchanged; install it again"
        )
    return content
