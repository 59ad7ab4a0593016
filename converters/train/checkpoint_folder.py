"""What a run keeps in its folder for the next one: its settings and the cut faces."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.labels import open_data
from converters.train.chips import (
    Chips,
    cut_chips,
    finder,
    load_chips,
    save_chips,
)
from converters.train.settings import Data, Settings
from converters.train.split import held_out, with_whole_persons
from edge import progress
from edge.runtime.detect import open_detector


def claim(out: Path, settings: Settings, data: Path) -> None:
    """Note settings and faces in the folder; ConvertError where another run's results are there.

    The number of epochs, the teacher's making and the text about the network may change.
    """
    path, labels = out / "settings.json", out / "labels.sha256"
    begun = [name for name in ("checkpoint.pt", "parts") if (out / name).exists()]
    if path.exists() and begun:
        before = msgspec.json.decode(path.read_bytes(), type=Settings)
        other = "settings (see settings.json)" if _fixed(before) != _fixed(settings) else ""
        if labels.exists() and print_of(data) not in ("", labels.read_text()):
            other = "faces (labels.csv is another one)"
        if other:
            raise ConvertError(
                f"{out} holds a run with other {other}: choose another --out, or remove {begun[0]} "
                "to begin anew"
            )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(settings)) + b"\n")
    labels.write_text(print_of(data))


def print_of(data: Path) -> str:
    """The hash of a data set's labels, which tells one from another; '' of one that is gone."""
    if not data.exists():
        return ""
    with open_data(data) as folder:
        return hashlib.sha256(folder.read("labels.csv")).hexdigest()


def _fixed(settings: Settings) -> Settings:
    plain = Settings()
    return msgspec.structs.replace(
        settings,
        training=msgspec.structs.replace(settings.training, epochs=1, threads=1),
        fine_tuning=msgspec.structs.replace(settings.fine_tuning, epochs=1, threads=1),
        about=plain.about,
        name=plain.name,
        teacher=plain.teacher,
    )


def chips_of(data: Path, settings: Settings, directory: Path, models: Path) -> Chips:
    """The faces of `data`, cut, or kept in `directory` by an earlier run."""
    one = msgspec.structs.replace(settings.data, also=())
    chips = _cut_or_kept(data, one, directory, models)
    for detector in settings.data.also:
        other = msgspec.structs.replace(one, detector=detector)
        chips = chips.seen_also(_cut_or_kept(data, other, directory / detector, models))
    return chips


def _cut_or_kept(data: Path, how: Data, directory: Path, models: Path) -> Chips:
    kept, labels = load_chips(directory, how), directory / "labels.sha256"
    same = not labels.exists() or print_of(data) in ("", labels.read_text())
    if kept is not None and same:
        return kept
    find = finder(open_detector(how.detector, models))
    with open_data(data) as folder:
        chips = cut_chips(folder, find, how, _note)
        missed = len(folder.labels) - len(chips)
    if not len(chips):
        raise ConvertError(f"{how.detector} finds no face in the pictures of {data}")
    say(f"{how.detector}: {len(chips)} faces cut, {missed} not found")
    save_chips(chips, directory, how)
    labels.write_text(print_of(data))
    return chips


def held_of(chips: Chips, settings: Settings, before: Path | None) -> NDArray[np.bool_]:
    """Which chips are kept from training: those in the held_out.zip `before`, or drawn anew."""
    if before is None:
        return held_out(chips, settings.data.held_out, settings.training.seed)
    with open_data(before) as folder:
        held = np.isin(chips.image, [label.image for label in folder.labels])
    held = with_whole_persons(chips, held)
    if not held.any() or held.all():
        raise ConvertError(f"{before} does not hold some of the faces, but {held.sum()} of them")
    return held


def _note(done: int, total: int) -> None:
    progress.show(done, total, "cutting faces", f"{done}/{total}")


def say(text: str) -> None:
    """Tell the user, on standard error."""
    print(text, file=sys.stderr, flush=True)
