"""One training run from the data to the bundle; every step's result is kept for the next run."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from converters.nets.torch_net import AgeGender
from converters.train import curves
from converters.train.batches import drawn_crops
from converters.train.chips import Chips
from converters.train.finish import finish
from converters.train.kept import chips_of, claim, held_of, say
from converters.train.labels import open_data
from converters.train.loop import Trainer, train
from converters.train.settings import Settings, read_settings
from converters.train.teacher import network_to_begin_with, opinions_of


def settings_of(config: Path | None, epochs: int | None) -> Settings:
    """The settings in the TOML file `config`, with `epochs` instead of its own where given."""
    settings = read_settings(config)
    if epochs is None:
        return settings
    training = msgspec.structs.replace(settings.training, epochs=epochs)
    return msgspec.structs.replace(settings, training=training)


class Lessons(NamedTuple):
    """What a run builds on besides its data."""

    teachers: tuple[Path, ...] = ()
    """Opinions (.npz) and checkpoints; what they think is averaged."""
    start: Path | None = None
    """A checkpoint or a .tflite file whose weights the run begins with."""
    held_out: Path | None = None
    """held_out.zip of an earlier run, whose pictures are held out again."""


def train_and_bundle(
    data: Path, settings: Settings, out: Path, models: Path, lessons: Lessons
) -> Path:
    """See the verb; → the card's path."""
    out.mkdir(parents=True, exist_ok=True)
    claim(out, settings)
    chips = chips_of(data, settings, out / "chips", models)
    held = held_of(chips, settings, lessons.held_out)
    _keep_held_out(data, chips, held, out / "held_out.zip")
    teacher = opinions_of(lessons.teachers, chips, held, settings)
    trainer = Trainer(settings, chips, held, teacher)
    if (out / "checkpoint.pt").exists():
        trainer.load(out / "checkpoint.pt")
    elif lessons.start is not None:
        crops = drawn_crops(chips, np.flatnonzero(~held), settings)
        trainer.begin_with(network_to_begin_with(lessons.start, settings, crops))
    train(trainer, out, say)
    curves.draw(out / "curves.csv", out / "curves.png")
    return finish(settings, averaged(trainer), chips, held, out)


def averaged(trainer: Trainer) -> AgeGender:
    """The network with the averaged weights."""
    network = trainer.average.module
    assert isinstance(network, AgeGender)
    return network


def _keep_held_out(data: Path, chips: Chips, held: np.ndarray, target: Path) -> None:
    """Copy the held-out pictures, as they are, so that `evaluate` can be run on them alone."""
    if target.exists():
        return
    wanted = set(chips.image[held])
    partial = target.with_suffix(".part")
    with open_data(data) as folder, zipfile.ZipFile(partial, "w") as archive:
        table = folder.read("labels.csv").decode("utf-8-sig").splitlines()
        column = table[0].split(",").index("image")
        kept = [line for line in table[1:] if line.split(",")[column] in wanted]
        archive.writestr("labels.csv", "\n".join([table[0], *kept]) + "\n")
        for name in sorted(wanted):
            archive.writestr(name, folder.read(name))
    partial.replace(target)
