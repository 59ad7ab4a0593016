"""Labelled faces and dlib's network → what a good teacher thinks of every face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from converters.nets.dlib_net import FaceTrunk
from converters.train.checkpoint_folder import chips_of, claim, held_of, say
from converters.train.chips import Chips
from converters.train.features import Looks, Parts
from converters.train.finetune import Answer, Tuning
from converters.train.settings import Settings
from converters.train.soft_labels import SoftLabels, write_soft_labels
from edge import progress

DEVIATION_MIN = 1e-3
"""What a feature's deviation is taken for at least, so that a dead one stays zero."""


class Given(NamedTuple):
    """What a teacher is made of besides the data."""

    weights: Path
    """dlib's file."""
    held_out: Path | None = None
    """held_out.zip of an earlier run, whose pictures are held out again."""


def teach(data: Path, settings: Settings, out: Path, models: Path, given: Given) -> Path:
    """See the verb; → the file of soft labels."""
    weights = given.weights
    load_trunk(weights)
    out.mkdir(parents=True, exist_ok=True)
    claim(out, settings, data)
    chips = chips_of(data, settings, out / "chips", models)
    held = held_of(chips, settings, given.held_out)
    torch.set_num_threads(settings.training.threads)
    parts = Looks(load_trunk(weights), chips, held, settings).kept(out / "parts", _note)
    said = _tuned(weights, chips, held, settings, parts)
    members = np.flatnonzero(~held)
    return write_soft_labels(
        out / "soft_labels.npz", chips.image[members], _soft_labels(said, members)
    )


def _soft_labels(said: Sequence[Answer], members: NDArray[np.int64]) -> SoftLabels:
    """The mean of the networks' answers about the faces trained on, and all their features."""
    age = torch.from_numpy(np.mean([answer.age[members] for answer in said], 0))
    gender = torch.from_numpy(np.mean([answer.gender[members] for answer in said], 0))
    features = np.concatenate([answer.features[members] for answer in said], 1)
    features = (features - features.mean(0)) / (features.std(0) + DEVIATION_MIN)
    return SoftLabels(age.softmax(1).numpy(), gender.sigmoid().numpy(), features.astype(np.float16))


def load_trunk(weights: Path) -> FaceTrunk:
    """dlib's network, on the GPU where there is one; ConvertError for another file."""
    trunk = FaceTrunk()
    trunk.load(weights)
    trunk.to("cuda" if torch.cuda.is_available() else "cpu")
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
    return trunk


def _tuned(
    weights: Path,
    chips: Chips,
    held: NDArray[np.bool_],
    settings: Settings,
    parts: dict[str, Parts],
) -> list[Answer]:
    """What the networks trained from different seeds say of every chip."""
    said = []
    for number in range(settings.teacher.networks):
        tuning = Tuning(load_trunk(weights), chips, held, settings, settings.training.seed + number)
        tuning.run(parts, say)
        said.append(tuning.ask(parts, np.arange(len(chips))))
    return said


def _note(done: int, total: int, look: str) -> None:
    progress.show(done, total, f"looking, {look}", f"{done}/{total}")
