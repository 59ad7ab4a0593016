"""What a run keeps in its folder for the next one: its settings and the cut faces."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import progress
from converters.errors import ConvertError
from converters.train.chips import (
    Chips,
    cut_chips,
    finder,
    held_out,
    load_chips,
    save_chips,
)
from converters.train.labels import open_data
from converters.train.settings import Data, Settings
from edge.runtime.detect import open_detector


def claim(out: Path, settings: Settings) -> None:
    """Note the settings in the folder; ConvertError where another run's results are there.

    The number of epochs, the teacher's making and the text about the network may change.
    """
    path = out / "settings.json"
    begun = [name for name in ("checkpoint.pt", "parts") if (out / name).exists()]
    if path.exists() and begun:
        before = msgspec.json.decode(path.read_bytes(), type=Settings)
        if _fixed(before) != _fixed(settings):
            raise ConvertError(
                f"{out} holds a run with other settings (see {path.name}): "
                f"choose another --out, or remove {begun[0]} to begin anew"
            )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(settings)) + b"\n")


def _fixed(settings: Settings) -> Settings:
    plain = Settings()
    training = msgspec.structs.replace(settings.training, epochs=1, threads=1)
    return msgspec.structs.replace(
        settings, training=training, about=plain.about, name=plain.name, teacher=plain.teacher
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
    kept = load_chips(directory, how)
    if kept is not None:
        return kept
    find = finder(open_detector(how.detector, models))
    with open_data(data) as folder:
        chips = cut_chips(folder, find, how, _note)
        missed = len(folder.labels) - len(chips)
    if not len(chips):
        raise ConvertError(f"{how.detector} finds no face in the pictures of {data}")
    say(f"{how.detector}: {len(chips)} faces cut, {missed} not found")
    save_chips(chips, directory, how)
    return chips


def held_of(chips: Chips, settings: Settings, before: Path | None) -> NDArray[np.bool_]:
    """Which chips are kept from training: those in the held_out.zip `before`, or drawn anew."""
    if before is None:
        return held_out(chips, settings.data.held_out, settings.training.seed)
    with open_data(before) as folder:
        held = np.isin(chips.image, [label.image for label in folder.labels])
    if not held.any() or held.all():
        raise ConvertError(f"{before} does not hold some of the faces, but {held.sum()} of them")
    return held


def _note(done: int, total: int) -> None:
    progress.show(done, total, "cutting faces", f"{done}/{total}")


def say(text: str) -> None:
    """Tell the user, on standard error."""
    print(text, file=sys.stderr, flush=True)
