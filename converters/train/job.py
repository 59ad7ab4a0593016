"""One training run from the data to the bundle; every step's result is kept for the next run."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import msgspec
import numpy as np

from converters import progress
from converters.errors import ConvertError
from converters.nets.torch_net import AgeGender
from converters.train import curves
from converters.train.chips import (
    Chips,
    cut_chips,
    finder,
    held_out,
    load_chips,
    save_chips,
)
from converters.train.finish import finish
from converters.train.labels import open_data
from converters.train.loop import Trainer, train
from converters.train.settings import Settings, read_settings
from converters.train.teacher import load_teacher, opinions
from edge.runtime.detect import open_detector


def settings_of(config: Path | None, epochs: int | None) -> Settings:
    """The settings in the TOML file `config`, with `epochs` instead of its own where given."""
    settings = read_settings(config)
    if epochs is None:
        return settings
    training = msgspec.structs.replace(settings.training, epochs=epochs)
    return msgspec.structs.replace(settings, training=training)


def train_and_bundle(
    data: Path, settings: Settings, out: Path, models: Path, teacher: Path | None
) -> Path:
    """See the verb; → the card's path."""
    out.mkdir(parents=True, exist_ok=True)
    _claim(out / "settings.json", settings)
    chips = _chips(data, settings, out / "chips", models)
    held = held_out(chips, settings.data.held_out, settings.training.seed)
    _keep_held_out(data, chips, held, out / "held_out.zip")
    trainer = Trainer(settings, chips, held)
    if (out / "checkpoint.pt").exists():
        trainer.load(out / "checkpoint.pt")
    if teacher is not None and trainer.done < settings.training.epochs:
        _say(f"asking {teacher} about every face")
        wise = load_teacher(teacher, settings).to(trainer.device)
        trainer.opinions = opinions(wise, chips, trainer.members, settings)
    train(trainer, out, _say)
    curves.draw(out / "curves.csv", out / "curves.png")
    return finish(settings, averaged(trainer), chips, held, out)


def averaged(trainer: Trainer) -> AgeGender:
    """The network with the averaged weights."""
    network = trainer.average.module
    assert isinstance(network, AgeGender)
    return network


def _claim(path: Path, settings: Settings) -> None:
    """Note the settings in the folder; ConvertError where another run's checkpoint is there.

    The number of epochs and the text about the network may change between runs.
    """
    if path.exists() and (path.parent / "checkpoint.pt").exists():
        before = msgspec.json.decode(path.read_bytes(), type=Settings)
        if _fixed(before) != _fixed(settings):
            raise ConvertError(
                f"{path.parent} holds a run with other settings (see {path.name}): "
                "choose another --out, or remove checkpoint.pt to begin anew"
            )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(settings)) + b"\n")


def _fixed(settings: Settings) -> Settings:
    plain = Settings()
    training = msgspec.structs.replace(settings.training, epochs=1, threads=1)
    return msgspec.structs.replace(settings, training=training, about=plain.about, name=plain.name)


def _chips(data: Path, settings: Settings, directory: Path, models: Path) -> Chips:
    kept = load_chips(directory, settings.data)
    if kept is not None:
        return kept
    find = finder(open_detector(settings.data.detector, models))
    with open_data(data) as folder:
        chips = cut_chips(folder, find, settings.data, _note)
        missed = len(folder.labels) - len(chips)
    if not len(chips):
        raise ConvertError(f"{settings.data.detector} finds no face in the pictures of {data}")
    _say(f"{len(chips)} faces cut, {missed} not found")
    save_chips(chips, directory, settings.data)
    return chips


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


def _note(done: int, total: int) -> None:
    progress.show(done, total, "cutting faces", f"{done}/{total}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
