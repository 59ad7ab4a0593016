"""One training run from the data to the bundle; every step's result is kept for the next run."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from converters.errors import ConvertError
from converters.label_table import write_table
from converters.labels import open_data
from converters.train import curves, requirements
from converters.train.batches import drawn_crops
from converters.train.checkpoint_folder import chips_of, claim, held_of, say
from converters.train.chips import Chips
from converters.train.finish import Outcome, finish
from converters.train.loop import Beside, Trainer, train
from converters.train.others import Others, read_others
from converters.train.run import Lessons, Run
from converters.train.settings import Settings, gentle
from converters.train.split import Mask
from converters.train.start import shaped_like
from converters.train.teacher import network_to_begin_with, soft_labels_of
from converters.train.tuning_job import tune
from converters.train.worth import sentences


def train_and_bundle(
    data: Path, settings: Settings, out: Path, models: Path, lessons: Lessons
) -> Path:
    """See the verb; → the card's path. ConvertError where the result is not what was asked for."""
    tunes = lessons.tunes(settings)
    if lessons.rehearsal is not None and not tunes:
        raise ConvertError("--rehearse goes with --start NAME.tflite: nothing else is rehearsed")
    run = Run(data, _for_tuning(settings, lessons) if tunes else settings, out, models, lessons)
    if not tunes:
        _check_not_faces(run)
    out.mkdir(parents=True, exist_ok=True)
    claim(out, run.settings, data)
    chips = chips_of(data, run.settings, out / "chips", models)
    if lessons.rehearsal is None:
        requirements.check(chips.band, chips.female, f"the faces found in {data}")
    held = held_of(chips, run.settings, lessons.held_out)
    _keep_held_out(data, chips, held, out / "held_out.zip")
    return tune(run, chips, held) if tunes else _trained(run, chips, held)


def _for_tuning(settings: Settings, lessons: Lessons) -> Settings:
    """The settings of a gentle run: the start's outputs, of which that of a face stays as it is."""
    if lessons.not_faces is not None:
        raise ConvertError(
            "--not-faces does not go with fine-tuning: the start's answer to whether a crop is a "
            "face stays as it is ([fine_tuning] enabled = false learns it anew)"
        )
    assert lessons.start is not None
    return gentle(shaped_like(lessons.start, settings))


def _trained(run: Run, chips: Chips, held: Mask) -> Path:
    """From random weights, or going on with an unfinished network."""
    settings, out, lessons = run.settings, run.out, run.lessons
    teacher = soft_labels_of(lessons.teachers, chips, held, settings)
    others = _others(run)
    trainer = Trainer(settings, chips, held, Beside(teacher, others))
    if (out / "checkpoint.pt").exists():
        trainer.load(out / "checkpoint.pt")
    elif lessons.start is not None:
        crops = drawn_crops(chips, np.flatnonzero(~held), settings)
        trainer.begin_with(network_to_begin_with(lessons.start, settings, crops))
    train(trainer, out, say)
    curves.draw(out / "curves.csv", out / "curves.png")
    outcome = Outcome(settings, trainer.result, chips, ~held, held, others=others)
    done = finish(outcome, out, say=say)
    for text in sentences(outcome, done, run.models):
        say(f"{done.card.stem}: {text}")
    return done.card


def _check_not_faces(run: Run) -> None:
    """ConvertError, before a face is cut, where one is there without the other."""
    if run.settings.network.face != (run.lessons.not_faces is not None):
        raise ConvertError(
            "--not-faces and `face = true` in the configuration's [network] go together: the one "
            "is what the other is learned from"
        )


def _others(run: Run) -> Others | None:
    """Crops to tell faces from other things by, of a network that is to say it."""
    given, settings = run.lessons.not_faces, run.settings
    return None if given is None else read_others(given, settings.data, settings.not_faces)


def _keep_held_out(data: Path, chips: Chips, held: Mask, target: Path) -> None:
    """Copy the held-out pictures, as they are, so that `evaluate` can be run on them alone."""
    wanted = set(chips.image[held])
    partial = target.with_suffix(".part")
    with open_data(data) as folder, zipfile.ZipFile(partial, "w") as archive:
        kept = [row for row in folder.table.rows if row["image"] in wanted]
        archive.writestr("labels.csv", write_table(folder.table.header, kept))
        for name in sorted(wanted):
            archive.writestr(name, folder.read(name))
    partial.replace(target)
