"""A trained network → int8 and float32 files of each size, with what they agree on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from converters import bundle, tflite
from converters.detect_train import tflite_net
from converters.detect_train.equalize import equalize
from converters.detect_train.scenes import Composer
from converters.detect_train.settings import Scenes, Settings
from converters.detect_train.torch_net import Arrays, Student
from converters.detectors import check
from converters.detectors.libface_card import NMS_IOU, STRIDES
from edge.runtime.frame import Image
from edge.runtime.networks import card as cards
from edge.runtime.networks.card import Card

CALIBRATION_SCENES = 150
EQUALIZING_SCENES = 40
INTENDED = "Finding faces, near and far, to count people anonymously."
LIMITS = (
    "Faces of at least about 8 pixels in the {width}-pixel-wide input, upright and turned by up to "
    "about 30 degrees. Answers as libfacedetection's network does, which was trained on WIDER FACE."
)


def finish(
    settings: Settings,
    network: Student,
    composer: Callable[[Scenes], Composer],
    shown: Sequence[Image],
    out: Path,
) -> list[Path]:
    """Write NAME_WxH and NAME_WxH_float32 for each size; → the int8 cards.

    `composer` makes one of the scenes that int8's ranges are taken from; `shown` are pictures
    with faces. ConvertError where a runtime refuses a file or int8 loses faces of `shown` that
    float32 finds.
    """
    network.cpu().eval()
    equalize(network, _pixels(calibration(settings, composer, settings.sizes[0])))
    arrays = network.arrays()
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()
    written = []
    for size in settings.sizes:
        scenes = calibration(settings, composer, size)
        whole = _bundle(settings, arrays, size, None, digest)
        small = _bundle(settings, arrays, size, scenes, digest)
        said = check.evidence(small[1], small[0], whole, shown)
        training = msgspec.to_builtins(settings)
        card = msgspec.structs.replace(small[1], evidence={"drift": said, "training": training})
        bundle.write(out, *whole)
        written.append(bundle.write(out, small[0], card))
    return written


def calibration(
    settings: Settings, composer: Callable[[Scenes], Composer], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Scenes of `size` as in training, bad light and all, N × height × width × 3 BGR."""
    how = msgspec.structs.replace(settings.scenes, width=size[0], height=size[1])
    return np.stack(list(islice(composer(how).stream(1), CALIBRATION_SCENES)))


def _pixels(scenes: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(scenes[:EQUALIZING_SCENES]).permute(0, 3, 1, 2).float()


def _bundle(
    settings: Settings,
    arrays: Arrays,
    size: tuple[int, int],
    scenes: NDArray[np.uint8] | None,
    digest: str,
) -> tuple[bytes, Card]:
    content = tflite_net.convert(arrays, size, scenes)
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
        licence=about.licence(),
        task="detect",
        quantization=scheme,
        input=cards.Input(width=width, height=height, colour="bgr"),
        detector=cards.Detector(
            family="grid",
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
