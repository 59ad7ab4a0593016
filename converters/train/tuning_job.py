"""A run that begins with a finished network: gently on, compared, taken only where it helped."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from converters.errors import ConvertError
from converters.train import curves, suspects
from converters.train.batches import drawn_crops, plain_crops
from converters.train.checkpoint_folder import chips_of, say
from converters.train.chips import Chips, joined
from converters.train.compare import Comparison
from converters.train.finish import Finished, Outcome, answers, finish, labels_of
from converters.train.loop import train
from converters.train.run import Run
from converters.train.soft_labels import SoftLabels
from converters.train.split import Mask, Split, held_out, three_ways
from converters.train.start import Start, read_start
from converters.train.teacher import soft_labels_of
from converters.train.tuner import Tuner
from converters.train.worth import sentences

HELD_OF_REHEARSAL = 0.1


class Faces(NamedTuple):
    """The user's faces and the rehearsal's, and which are for what."""

    chips: Chips
    split: Split
    known: Mask
    """Those of the rehearsal that are not learned from: whether something was forgotten."""


def tune(run: Run, chips: Chips, held: Mask) -> Path:
    """→ the card's path; ConvertError where the result is not surely better than the start."""
    faces = _faces(run, chips, held)
    start = _start(run, faces)
    tuner = Tuner(run.settings, faces.chips, faces.split, start, _teacher(run, faces))
    checkpoint = run.out / "checkpoint.pt"
    if checkpoint.exists():
        tuner.load(checkpoint)
    train(tuner, run.out, say)
    curves.draw(run.out / "curves.csv", run.out / "curves.png")
    if tuner.best_epoch == 0 and not run.lessons.insist:
        raise ConvertError(
            f"no epoch was better than {start.path} on the {faces.split.stop.sum()} faces that say "
            "when to stop, so nothing was written: these faces teach it nothing new; go on using it"
        )
    split = faces.split
    outcome = Outcome(
        run.settings, tuner.result, faces.chips, split.train, split.held, split.stop, start,
        faces.known,
    )  # fmt: skip
    done = finish(outcome, run.out, insist=run.lessons.insist, say=say)
    _tell(done)
    for text in sentences(outcome, done, run.models):
        say(f"{done.card.stem}: {text}")
    if done.own and done.own.verdict != "better" and not run.lessons.insist:
        raise ConvertError(refusal(start.path, done.card, done.own))
    return done.card


def _faces(run: Run, chips: Chips, held: Mask) -> Faces:
    rehearsal = run.lessons.rehearsal
    if rehearsal is None:
        nobody = np.zeros(len(chips), np.bool_)
        return Faces(chips, three_ways(chips, held, nobody, run.settings), nobody)
    known = chips_of(rehearsal, run.settings, run.out / "rehearsal_chips", run.models)
    both = joined(chips, known)
    rehearsed = np.arange(len(both)) >= len(chips)
    apart = held_out(both, HELD_OF_REHEARSAL, run.settings.training.seed, rehearsed)
    whole = np.concatenate((held, np.zeros(len(known), np.bool_))) | apart
    return Faces(both, three_ways(both, whole, rehearsed, run.settings), apart)


def _start(run: Run, faces: Faces) -> Start:
    """The network to begin with, and what it says of the labels."""
    path, settings, chips = run.lessons.start, run.settings, faces.chips
    assert path is not None
    members = np.flatnonzero(faces.split.train)
    start = read_start(path, settings, drawn_crops(chips, members, settings))
    own = np.flatnonzero(~faces.split.rehearsed)
    said = answers(start.card, start.flatbuffer, plain_crops(chips, own, settings))
    labels = labels_of(chips, own)
    if not run.lessons.insist:
        suspects.refuse_exchanged(labels, said, str(run.data))
    suspects.tell(labels, said, run.out, say)
    return start


def _teacher(run: Run, faces: Faces) -> SoftLabels | None:
    unseen = ~faces.split.train
    return soft_labels_of(run.lessons.teachers, faces.chips, unseen, run.settings)


def _tell(done: Finished) -> None:
    """Both comparisons, in words."""
    for found, whose in ((done.own, "of yours"), (done.known, "of the rehearsal set")):
        if found is not None:
            say(f"start and result on {found.faces} held-out faces {whose}:")
            for line in found.lines():
                say(f"  {line}")


def refusal(start: Path, card: Path, found: Comparison) -> str:
    """Why the result does not bear the name that was asked for."""
    said = "surely worse than" if found.verdict == "worse" else "not surely better than"
    return (
        f"the result is {said} {start} on {found.faces} held-out faces, so it is called "
        f"{card.stem}: go on using the start, give more faces, or, to take it all the same, the "
        "command again with --insist"
    )
