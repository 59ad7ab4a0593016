"""Miniatures of public sets, in the formats they are published in. Pictures are generated."""

from __future__ import annotations

import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from converters.cli import main

Files = Mapping[str, bytes | str]


def jpeg(seed: int, side: int = 48) -> bytes:
    """A picture like no other seed's."""
    pixels = np.random.default_rng(seed).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    large = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", large)[1].tobytes()


def folder_of(path: Path, files: Files) -> Path:
    """The files as a folder."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_bytes(content))
    return path


def zip_of(path: Path, files: Files) -> Path:
    """The files as a ZIP, with the entries that a Mac adds."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, _bytes(content))
            archive.writestr(f"__MACOSX/{name}", b"shadow")
    return path


def tar_of(path: Path, files: Files) -> Path:
    """The files as a tar, compressed as the suffix says."""
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(_bytes(content))
            archive.addfile(entry, io.BytesIO(_bytes(content)))
    return path


PACKED = {"folder": folder_of, "set.zip": zip_of, "set.tar": tar_of, "set.tar.gz": tar_of}


def packed(place: Path, form: str, files: Files) -> Path:
    """The files in one of the four forms, in the folder `place`."""
    return PACKED[form](place / form, files)


def datenum(day: date) -> float:
    """MATLAB's number of a day, by its own definition: datenum(2000,1,1) is 730486."""
    return float((day - date(2000, 1, 1)).days + 730486)


def imdb_mat(name: str, rows: list[dict[str, object]]) -> bytes:
    """imdb.mat or wiki.mat: a 1 × 1 structure whose fields are 1 × N, paths in a cell array."""
    from scipy.io import savemat  # noqa: PLC0415 - an extra

    def numbers(field: str, dtype: type = np.float64) -> np.ndarray:
        return np.array([[row[field] for row in rows]], dtype)

    def cells(values: list[object]) -> np.ndarray:
        column = np.empty((1, len(values)), object)
        column[0, :] = values
        return column

    content = io.BytesIO()
    fields = {
        "dob": numbers("dob", np.int32),
        "photo_taken": numbers("photo_taken", np.uint16),
        "full_path": cells([row["full_path"] for row in rows]),
        "gender": numbers("gender"),
        "name": cells(["Somebody"] * len(rows)),
        "face_location": cells([np.array([[1.0, 1.0, 40.0, 40.0]])] * len(rows)),
        "face_score": numbers("face_score"),
        "second_face_score": numbers("second_face_score"),
    }
    savemat(content, {name: fields}, do_compression=True)
    return content.getvalue()


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


def dataset(*arguments):
    """Run the verb in this process; its status."""
    return main(["dataset", *map(str, arguments)])


def table(out):
    """labels.csv: image → its row."""
    with (out / "labels.csv").open(encoding="utf-8") as file:
        return {row["image"].removeprefix("images/"): row for row in csv.DictReader(file)}


def record(out):
    """dataset.json."""
    return json.loads((out / "dataset.json").read_text())


UTKFACE = {
    "UTKFace/25_0_2_20170116174525125.jpg.chip.jpg": jpeg(1),
    "UTKFace/1_1_0_20170109150557335.jpg.chip.jpg": jpeg(2),
    "UTKFace/116_1_4_20170120134646399.jpg.chip.jpg": jpeg(3),
    "UTKFace/24_0_1_20170116220224657 .jpg.chip.jpg": jpeg(4),
    "UTKFace/55_0_0_20170116232725357jpg.chip.jpg": jpeg(5),
    "UTKFace/39_1_20170116174525125.jpg.chip.jpg": jpeg(6),  # the group is missing
    "UTKFace/61_3_20170109150557335.jpg.chip.jpg": jpeg(7),  # the gender is missing
    "UTKFace/53__0_20170116184028385.jpg": jpeg(8),
    "UTKFace/200_0_0_20170116184028385.jpg": jpeg(9),
    "UTKFace/30_0_0_20170101000000000.jpg.chip.jpg": jpeg(1),  # a picture that is there already
    "UTKFace/31_0_0_20170101000000000.jpg.chip.jpg": jpeg(10)[:-200],
    "UTKFace/32_0_0_20170101000000000.jpg.chip.jpg": b"",
    "UTKFace/33_0_0_20170101000000000.jpg.chip.jpg": jpeg(11, side=8),
}
