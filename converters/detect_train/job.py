"""One training run from faces and photographs to the files; each step's result is kept."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from converters.detect_train.finish import finish
from converters.detect_train.loop import Trainer
from converters.detect_train.pictures import Pictures
from converters.detect_train.scenes import Composer
from converters.detect_train.settings import Settings
from converters.detect_train.teachers import Teacher, faces_of, with_faces
from converters.detect_train.torch_net import FaceNet
from converters.errors import ConvertError
from converters.train import curves


class Sources(NamedTuple):
    """A ZIP of faces, a folder of photographs, the teachers' cards and where they are."""

    faces: Path
    backgrounds: Path
    teachers: tuple[str, ...]
    models: Path


def train_and_bundle(sources: Sources, settings: Settings, out: Path) -> list[Path]:
    """See the verb; → the cards' paths."""
    out.mkdir(parents=True, exist_ok=True)
    claim(out, settings)
    teachers = [Teacher(name, sources.models) for name in sources.teachers]
    chips = faces_of(sources.faces, out / "faces.npz", teachers)
    pictures = Pictures(sources.backgrounds, _skipped(sources, out / "with_faces.txt"))
    trainer = Trainer(settings, lambda seed: Composer(chips, pictures, settings.scenes, seed))
    if (out / "checkpoint.pt").exists():
        trainer.resume(out / "checkpoint.pt")
    trainer.train(out)
    curves.draw(out / "curves.csv", out / "curves.png", [("loss", "held_out")])
    network = trainer.average.module
    assert isinstance(network, FaceNet)
    return finish(settings, network, chips, pictures, out)


def _skipped(sources: Sources, kept: Path) -> frozenset[str]:
    """Pictures with faces in them, found by the first teacher; kept for the next run."""
    if not kept.exists():
        found = with_faces(sources.backgrounds, sources.teachers[0], sources.models)
        kept.write_text("".join(f"{name}\n" for name in sorted(found)), "utf-8")
    return frozenset(kept.read_text("utf-8").split("\n"))


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
    training = msgspec.structs.replace(settings.training, epochs=1, threads=1)
    return settings.network, settings.scenes, training
