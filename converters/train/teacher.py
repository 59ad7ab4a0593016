"""A trained network's opinion of the training faces, to learn from beside the labels.

Labels are one person's glance; a network that has seen 35,000 of them knows better where a single
one is a slip (born-again networks, Furlanello 2018). The teacher looks at every face several
times, changed as in training, and its answers are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.nets.tflite_weights import network_of
from converters.nets.torch_net import AgeGender
from converters.nets.widen import half_as_wide, widened
from converters.train.answers import logits, tensor
from converters.train.augment import augmented
from converters.train.batches import plain_crops
from converters.train.chips import Chips
from converters.train.settings import Settings
from converters.train.soft_labels import SoftLabels, averaged, of_chips
from edge.runtime.frame import Image

LOOKS = 4
BLOCK = 2048


def averaged_network(checkpoint: Path, settings: Settings) -> AgeGender:
    """The averaged network of an earlier run; ConvertError where it is not one of this shape."""
    network = AgeGender(settings.network)
    _load(network, checkpoint, "of a run with the same [network]")
    return network


def network_to_begin_with(start: Path, settings: Settings, crops: Image) -> AgeGender:
    """That of a .tflite file or of a checkpoint.

    crops: N × size × size × 3 of those it will be trained on, for what a file does not keep.
    """
    if start.suffix != ".tflite":
        return _of_checkpoint(start, settings)
    try:
        return network_of(start.read_bytes(), settings.network, tensor(crops, "cpu"))
    except (OSError, ValueError) as error:
        raise ConvertError(
            f"{start} is no file of a network of this shape ({error}): give one that "
            "`agender-convert train` wrote with the same [network]"
        ) from error


def _of_checkpoint(checkpoint: Path, settings: Settings) -> AgeGender:
    """As `averaged_network`; one of half as many channels is widened, and says the same."""
    half = half_as_wide(settings.network)
    if half is not None:
        narrow = AgeGender(half)
        with suppress(ConvertError):
            _load(narrow, checkpoint, "")
            return widened(narrow, settings.network, settings.training.seed)
    network = AgeGender(settings.network)
    _load(network, checkpoint, "of a run with the same [network], or one half as wide")
    return network


def _load(network: AgeGender, checkpoint: Path, wanted: str) -> None:
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
        prefix = "module."
        network.load_state_dict(
            {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        )
    except (OSError, KeyError, RuntimeError) as error:
        raise ConvertError(
            f"{checkpoint} is no checkpoint of a network of this shape: give the checkpoint.pt "
            f"{wanted}"
        ) from error


def soft_labels_of(
    teachers: Sequence[Path], chips: Chips, held: NDArray[np.bool_], settings: Settings
) -> SoftLabels | None:
    """What files written by `agender-convert teach` (.npz) and checkpoints think; None for none."""
    if not teachers:
        return None
    return averaged(
        [
            of_chips(path, chips, held)
            if path.suffix == ".npz"
            else soft_labels(
                averaged_network(path, settings), chips, np.flatnonzero(~held), settings
            )
            for path in teachers
        ]
    )


def soft_labels(
    network: AgeGender, chips: Chips, members: NDArray[np.int64], settings: Settings
) -> SoftLabels:
    """What the network thinks of N chips; it does not show its features.

    Rows of chips that are not `members` stay zero.
    """
    age = np.zeros((len(chips), settings.network.age_bands), np.float32)
    female = np.zeros(len(chips), np.float32)
    random = np.random.default_rng(settings.training.seed)
    size, reach = settings.network.size, settings.data.chip_reach
    for start in range(0, len(members), BLOCK):
        block = members[start : start + BLOCK]
        looks = [plain_crops(chips, block, settings)]
        looks.append(np.ascontiguousarray(looks[0][:, :, ::-1]))
        while len(looks) < LOOKS:
            changed = [
                augmented(chips.pixels[i], size, reach, settings.augment, random) for i in block
            ]
            looks.append(np.stack(changed))
        said = [logits(network, look) for look in looks]
        bands = torch.from_numpy(np.mean([one.age for one in said], 0))
        age[block] = bands.softmax(1).numpy()
        women = torch.from_numpy(np.mean([one.gender for one in said], 0))
        female[block] = women.sigmoid().numpy()
    return SoftLabels(age, female, np.zeros((len(chips), 0), np.float16))
