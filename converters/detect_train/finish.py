"""A trained network → int8 and float32 files of each size, with what they agree on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import bundle, tflite
from converters.detect_train import tflite_net
from converters.detect_train.chips import Chips
from converters.detect_train.look import worn
from converters.detect_train.pictures import Pictures
from converters.detect_train.scenes import Composer
from converters.detect_train.settings import Settings
from converters.detect_train.spec import STRIDES
from converters.detect_train.torch_net import FaceNet, Folded
from converters.detectors import check
from edge.runtime import card as cards
from edge.runtime.card import Card
from edge.runtime.frame import Image

CALIBRATION_SCENES = 150
CHECKED_SCENES = 60
CALIBRATION_SEED = 2_000_003
NMS_IOU = 0.35
INTENDED = "Finding faces, near and far, to count people anonymously."
LIMITS = (
    "Faces of at least about 8 pixels in the {width}-pixel-wide input, upright and turned by up to "
    "about 30 degrees. Trained on composed scenes, not on photographs of crowds; which faces count "
    "was decided by teachers that were trained on WIDER FACE."
)


def finish(
    settings: Settings, network: FaceNet, chips: Chips, pictures: Pictures, out: Path
) -> list[Path]:
    """Write NAME_WxH and NAME_WxH_float32 for each size; → the int8 cards.

    ConvertError where a runtime refuses a file or int8 loses faces that float32 finds.
    """
    layers = network.cpu().eval().folded()
    digest = hashlib.sha256(b"".join(a.tobytes() for layer in layers for a in layer)).hexdigest()
    written = []
    for size in settings.sizes:
        scenes = calibration(settings, chips, pictures, size)
        whole = _bundle(settings, layers, size, None, digest)
        small = _bundle(settings, layers, size, scenes[:CALIBRATION_SCENES], digest)
        shown = [np.ascontiguousarray(s[..., ::-1]) for s in scenes[CALIBRATION_SCENES:]]
        said = check.evidence(small[1], small[0], whole, shown)
        training = msgspec.to_builtins(settings)
        card = msgspec.structs.replace(small[1], evidence={"drift": said, "training": training})
        bundle.write(out, *whole)
        written.append(bundle.write(out, small[0], card))
    return written


def calibration(
    settings: Settings, chips: Chips, pictures: Pictures, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Scenes of `size` as in training, bad light and all, N × height × width × 3 RGB."""
    how = msgspec.structs.replace(settings.scenes, width=size[0], height=size[1])
    seed = settings.training.seed + CALIBRATION_SEED
    composer, random = Composer(chips, pictures, how, seed), np.random.default_rng(seed)
    made: list[Image] = [
        worn(composer.scene().picture, random)[..., ::-1]
        for _ in range(CALIBRATION_SCENES + CHECKED_SCENES)
    ]
    return np.stack(made)


def _bundle(
    settings: Settings,
    layers: list[Folded],
    size: tuple[int, int],
    scenes: NDArray[np.uint8] | None,
    digest: str,
) -> tuple[bytes, Card]:
    content = tflite_net.convert(settings.network, layers, size, scenes)
    scheme = "float32" if scenes is None else "int8"
    return content, _card(settings, size, scheme, content, digest)


def _card(
    settings: Settings, size: tuple[int, int], scheme: str, content: bytes, digest: str
) -> Card:
    width, height = size
    about = settings.about
    suffix = "" if scheme == "int8" else f"_{scheme}"
    return Card(
        name=f"{settings.name}_{width}x{height}{suffix}",
        description=about.description,
        licence=cards.Licence(
            code="Apache-2.0",
            weights=about.weights_licence,
            training_data=about.training_data,
            commercial_use=about.commercial_use,
            attribution=about.attribution,
        ),
        task="detect",
        quantization=scheme,
        input=cards.Input(width=width, height=height, colour="rgb"),
        detector=cards.Detector(
            family="farface",
            score_min=settings.score_min,
            score_low=settings.score_low,
            nms_iou=NMS_IOU,
            strides=STRIDES,
            tensors=tflite.output_positions(content),
        ),
        source=cards.Source("agender-convert train-detector", digest),
        intended_use=INTENDED,
        limits=LIMITS.format(width=width),
        **bundle.fingerprint(content),
    )
