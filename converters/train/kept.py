"""What a run keeps in its folder for the next one: its settings and the cut faces."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from converters import progress
from converters.errors import ConvertError
from converters.train.chips import Chips, cut_chips, finder, load_chips, save_chips
from converters.train.labels import open_data
from converters.train.settings import Settings
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
    kept = load_chips(directory, settings.data)
    if kept is not None:
        return kept
    find = finder(open_detector(settings.data.detector, models))
    with open_data(data) as folder:
        chips = cut_chips(folder, find, settings.data, _note)
        missed = len(folder.labels) - len(chips)
    if not len(chips):
        raise ConvertError(f"{settings.data.detector} finds no face in the pictures of {data}")
    say(f"{len(chips)} faces cut, {missed} not found")
    save_chips(chips, directory, settings.data)
    return chips


def _note(done: int, total: int) -> None:
    progress.show(done, total, "cutting faces", f"{done}/{total}")


def say(text: str) -> None:
    """Tell the user, on standard error."""
    print(text, file=sys.stderr, flush=True)
