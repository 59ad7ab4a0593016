"""Labelled faces and dlib's network → what a good teacher thinks of every face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from converters import progress
from converters.nets.dlib_net import FaceTrunk
from converters.train.chips import Chips, held_out
from converters.train.finetune import Floats, Tuning
from converters.train.kept import chips_of, claim, say
from converters.train.loop import figures
from converters.train.opinions import Opinions
from converters.train.parts import Looks, Parts
from converters.train.settings import Settings


def teach(data: Path, settings: Settings, out: Path, models: Path, weights: Path) -> Path:
    """See the verb; → the file of opinions."""
    load_trunk(weights)
    out.mkdir(parents=True, exist_ok=True)
    claim(out, settings)
    chips = chips_of(data, settings, out / "chips", models)
    held = held_out(chips, settings.data.held_out, settings.training.seed)
    torch.set_num_threads(settings.training.threads)
    parts = Looks(load_trunk(weights), chips, held, settings).kept(out / "parts", _note)
    age, gender = _tuned(weights, chips, held, settings, parts)
    members = np.flatnonzero(~held)
    return Opinions(
        chips.image[members],
        torch.from_numpy(age[members]).softmax(1).numpy(),
        torch.from_numpy(gender[members]).sigmoid().numpy(),
    ).write(out / "opinions.npz")


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
) -> tuple[Floats, Floats]:
    """The mean logits of the networks trained from different seeds, for every chip."""
    everyone = np.arange(len(chips))
    said = []
    for number in range(settings.teacher.networks):
        tuning = Tuning(load_trunk(weights), chips, held, settings, settings.training.seed + number)
        tuning.run(parts, say)
        said.append(tuning.ask(parts, everyone))
    age, gender = (np.mean(all_of, 0) for all_of in zip(*said, strict=True))
    found = figures(age[held], gender[held], chips.band[held], chips.female[held])
    say("held out, all networks: " + ", ".join(f"{name} {v:.3f}" for name, v in found.items()))
    return age, gender


def _note(done: int, total: int, look: str) -> None:
    progress.show(done, total, f"looking, {look}", f"{done}/{total}")
