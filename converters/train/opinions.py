"""What a teacher thinks of the faces that it learned from, as a file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.train.chips import Chips

Floats = NDArray[np.float32]


class Opinions(NamedTuple):
    """N faces by the names of their pictures: age probabilities N × bands, chance of a woman N."""

    image: NDArray[np.str_]
    age: Floats
    female: Floats

    def write(self, path: Path) -> Path:
        """Write them to `path` (.npz), whole or not at all; → `path`."""
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            np.savez(file, **self._asdict())
        partial.replace(path)
        return path


def read_opinions(path: Path) -> Opinions:
    """The file at `path`; ConvertError where it is none."""
    try:
        with np.load(path) as file:
            return Opinions(*(file[name] for name in Opinions._fields))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConvertError(
            f"{path} holds no opinions: give opinions.npz, which `agender-convert teach` writes"
        ) from error


def of_chips(
    opinions: Opinions, chips: Chips, held: NDArray[np.bool_], path: Path
) -> tuple[Floats, Floats]:
    """Age probabilities and chance of a woman for every chip that is trained on; else zero.

    ConvertError where the teacher has seen a held-out face, or lacks one that is trained on.
    """
    place = {name: row for row, name in enumerate(opinions.image.tolist())}
    rows = np.array([place.get(name, -1) for name in chips.image.tolist()])
    seen, lacking = int((rows[held] >= 0).sum()), int((rows[~held] < 0).sum())
    if seen or lacking:
        fault = (
            f"has learned from {seen} of the held-out faces"
            if seen
            else (f"does not know {lacking} of the faces")
        )
        raise ConvertError(
            f"the teacher of {path} {fault}: teach with the same --data, [data] held_out and "
            "[training] seed"
        )
    age = np.zeros((len(chips), opinions.age.shape[1]), np.float32)
    female = np.zeros(len(chips), np.float32)
    age[~held], female[~held] = opinions.age[rows[~held]], opinions.female[rows[~held]]
    return age, female
