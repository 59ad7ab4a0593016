"""One training run from faces and photographs to the files; each step's result is kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from converters.detect_train.backgrounds import Pictures
from converters.detect_train.chips import Chips
from converters.detect_train.finish import finish
from converters.detect_train.loop import Trainer
from converters.detect_train.scenes import Composer
from converters.detect_train.settings import Settings
from converters.detect_train.torch_net import Student
from converters.detectors import check
from converters.detectors.libface import ORIGINAL, read_weights
from converters.errors import ConvertError
from converters.train import curves

CALIBRATION_SEED = 2_000_003
CHECKED_PICTURES = 200


class Sources(NamedTuple):
    """A ZIP of faces, a folder of photographs, and the teacher's original where it is given."""

    faces: Path
    backgrounds: Path
    teacher: Path | None = None


def train_and_bundle(sources: Sources, settings: Settings, out: Path) -> list[Path]:
    """See the verb; → the cards' paths."""
    weights = read_weights(ORIGINAL.read(sources.teacher))
    chips, pictures = Chips(sources.faces), Pictures(sources.backgrounds)
    out.mkdir(parents=True, exist_ok=True)
    claim(out, settings)
    make = partial(Composer, chips, pictures)
    trainer = Trainer(settings, weights, partial(make, settings.scenes))
    if (out / "checkpoint.pt").exists():
        trainer.resume(out / "checkpoint.pt")
    trainer.train(out)
    curves.draw(out / "curves.csv", out / "curves.png", [("loss", "held_out")])
    network = trainer.average.module
    assert isinstance(network, Student)
    calibrating = partial(make, seed=settings.training.seed + CALIBRATION_SEED)
    shown = check.pictures(sources.faces, CHECKED_PICTURES)
    return finish(settings, network, calibrating, shown, out)


def claim(out: Path, settings: Settings) -> None:
    """Note the settings in the folder; ConvertError where another run's checkpoint is there.

    The number of epochs, the thresholds, the sizes and the text about the network may change.
    """
    path = out / "settings.json"
    if path.exists() and (out / "checkpoint.pt").exists():
        before = msgspec.json.decode(path.read_bytes(), type=Settings)
        if _fixed(before) != _fixed(settings):
            raise ConvertError(
                f"{out} holds a run with other settings (see {path.name}): "
                "choose another --out, or remove checkpoint.pt to begin anew"
            )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(settings)) + b"\n")


def _fixed(settings: Settings) -> tuple[object, ...]:
    training = msgspec.structs.replace(settings.training, epochs=1, threads=1, workers=0)
    return settings.scenes, training
