"""A finished network to begin with: its file, its card, its weights and how sure its heads are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from converters import bundle
from converters.errors import ConvertError
from converters.nets.tflite_weights import network_of
from converters.nets.torch_net import AgeGender
from converters.train.answers import tensor
from converters.train.settings import Settings
from edge.errors import ModelError
from edge.runtime.frame import Image
from edge.runtime.networks.card import Card, parse_card


class Sharpness(NamedTuple):
    """What a calibration multiplied the heads' logits by, age and gender.

    Training goes on with the logits as they were before it, so that it stays as it was.
    """

    age: float = 1.0
    gender: float = 1.0


class Start(NamedTuple):
    """A bundle's network."""

    path: Path
    flatbuffer: bytes
    card: Card
    network: AgeGender
    sharpness: Sharpness


def read_start(path: Path, settings: Settings, crops: Image) -> Start:
    """The network in the file NAME.tflite; ConvertError where it can't be gone on from.

    crops: N × size × size × 3 of those it will be trained on, for what a file does not keep.
    """
    try:
        content = path.read_bytes()
        card = parse_card(bundle.embedded_card(content), f"inside {path}")
        flatbuffer = content[: card.bytes]
        network = network_of(flatbuffer, settings.network, tensor(crops, "cpu"))
    except (OSError, ValueError, ModelError, ConvertError) as error:
        raise ConvertError(
            f"{path} is no file of a network of this shape ({error}): give one that "
            "`agender-convert train` wrote with the same [network]"
        ) from error
    _same_crops(path, card, settings)
    return Start(path, flatbuffer, card, network.eval(), _sharpness(card.evidence))


def shaped_like(path: Path, settings: Settings) -> Settings:
    """The settings for a network of the outputs that the file at `path` has.

    A file that can't be read is refused where its weights are (`read_start`).
    """
    try:
        card = parse_card(bundle.embedded_card(path.read_bytes()), f"inside {path}")
    except (OSError, ValueError, ModelError, ConvertError):
        return settings
    face = any(output.attribute == "face" for output in card.estimating.outputs)
    return replace(settings, network=replace(settings.network, face=face))


def _same_crops(path: Path, card: Card, settings: Settings) -> None:
    """ConvertError where the start was shown other crops than this run would cut."""
    alignment = card.estimating.crop.alignment
    if card.input.colour != "rgb" or alignment != settings.data.alignment:
        raise ConvertError(
            f"{path} is shown other crops than [data] alignment asks for: take over its card's "
            "`crop.alignment`"
        )


def _sharpness(evidence: dict[str, Any]) -> Sharpness:
    """What the card says of its calibrations; that there was none where it says nothing."""
    said = evidence.get("calibration", {})
    older = {head: said.get(f"{head}_fit", {}).get("scale") for head in Sharpness._fields}
    found = said.get("sharpness", older)
    scales = [found.get(head) for head in Sharpness._fields]
    return Sharpness(*(float(s) if isinstance(s, int | float) and s > 0 else 1.0 for s in scales))
