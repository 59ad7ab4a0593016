"""What a teacher thinks of the faces that it learned from, as a file."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.train.chips import Chips

Floats = NDArray[np.float32]


class SoftLabels(NamedTuple):
    """Of N faces: age probabilities N × bands, chance of a woman N, the teacher's features.

    features: N × as many as the teacher has (none of a teacher that does not show them), float16,
    each of mean 0 and deviation 1.
    """

    age: Floats
    female: Floats
    features: NDArray[np.float16]


def write_soft_labels(path: Path, image: NDArray[np.str_], soft_labels: SoftLabels) -> Path:
    """Write them to `path` (.npz), whole or not at all; → `path`. image: the pictures' names."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, image=image, **soft_labels._asdict())
    partial.replace(path)
    return path


def read_soft_labels(path: Path) -> tuple[NDArray[np.str_], SoftLabels]:
    """The names of the pictures and their soft labels in `path`; ConvertError where it is none."""
    try:
        with np.load(path) as file:
            return file["image"], SoftLabels(*(file[name] for name in SoftLabels._fields))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConvertError(
            f"{path} holds no soft labels: give soft_labels.npz, "
            "which `agender-convert teach` writes"
        ) from error


def of_chips(path: Path, chips: Chips, held: NDArray[np.bool_]) -> SoftLabels:
    """The soft labels in the file, a row for every chip; those of held-out faces are zero.

    ConvertError where the teacher has seen a held-out face, or lacks one that is trained on.
    """
    image, soft_labels = read_soft_labels(path)
    place = {name: row for row, name in enumerate(image.tolist())}
    rows = np.array([place.get(name, -1) for name in chips.image.tolist()])
    seen, lacking = int((rows[held] >= 0).sum()), int((rows[~held] < 0).sum())
    if seen or lacking:
        fault = f"has learned from {seen} of the held-out faces"
        raise ConvertError(
            f"the teacher of {path} {fault if seen else f'does not know {lacking} of the faces'}: "
            "teach with the same --data, [data] held_out and [training] seed"
        )
    return SoftLabels(*(_spread(part, rows, held) for part in soft_labels))


def _spread(part: NDArray[Any], rows: NDArray[np.int64], held: NDArray[np.bool_]) -> NDArray[Any]:
    out = np.zeros((len(rows), *part.shape[1:]), part.dtype)
    out[~held] = part[rows[~held]]
    return out


def averaged(several: Sequence[SoftLabels]) -> SoftLabels:
    """The mean of several teachers' soft labels of the same faces, and all their features."""
    age, female, features = zip(*several, strict=True)
    return SoftLabels(np.mean(age, 0), np.mean(female, 0), np.concatenate(features, 1))
