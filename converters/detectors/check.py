"""A new detector on both runtimes, and what it finds against its float32 form."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.verify import check
from converters.verify.runtimes import Run
from edge.runtime.detect import FAMILIES
from edge.runtime.detect.base import Candidates, Floats, fit, suppress
from edge.runtime.frame import Image
from edge.runtime.networks.card import Card
from edge.runtime.networks.model import value_table

SAME_FACE_IOU = 0.5
LEAST_FOUND = 0.97
"""A file that loses more of the faces that float32 finds is refused."""
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png")


def pictures(path: Path, limit: int) -> list[Image]:
    """Up to `limit` BGR pictures from a ZIP or a folder, by name."""
    found: list[Image] = []
    try:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_ENDINGS)
            contents = (file.read_bytes() for file in files[:limit])
        else:
            archive = zipfile.ZipFile(path)
            names = sorted(n for n in archive.namelist() if n.lower().endswith(PICTURE_ENDINGS))
            contents = (archive.read(name) for name in names[:limit])
        for content in contents:
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            if picture is not None:
                found.append(np.asarray(picture, np.uint8))
    except (OSError, zipfile.BadZipFile) as error:
        raise ConvertError(f"{path} is neither a folder nor a readable ZIP of pictures") from error
    if not found:
        raise ConvertError(f"{path} holds no pictures (.jpg or .png)")
    return found


def inputs(card: Card, shown: Sequence[Image]) -> NDArray[np.float32]:
    """Pictures → the network's input as the device lays them in, N × H × W × 3 float32."""
    spec = card.input
    table = value_table(spec, np.float32, (1.0, 0))
    batch = np.zeros((len(shown), spec.height, spec.width, 3), np.uint8)
    for canvas, picture in zip(batch, shown, strict=True):
        box = fit(picture.shape[1], picture.shape[0], spec.width, spec.height)
        canvas[box.place] = box.of(picture)
    if spec.colour == "rgb":
        batch = batch[..., ::-1]
    return np.stack([table[0, :, channel][batch[..., channel]] for channel in range(3)], -1)


def evidence(
    card: Card, flatbuffer: bytes, float32: tuple[bytes, Card] | None, shown: Sequence[Image]
) -> dict[str, Any]:
    """What both runtimes made of the file; ConvertError where one fails or faces are lost."""
    images = inputs(card, shown) if shown else check.noise(card)
    found = check.runs(flatbuffer, images)
    check.say(found.values())
    said: dict[str, Any] = {
        run.runtime: {"xnnpack_partitions": run.partitions} for run in found.values()
    }
    if not shown or float32 is None:
        return said
    original, original_card = float32
    expected = _faces(check.runs(original, images)["ai-edge-litert"], original_card, len(images))
    for run in found.values():
        said[run.runtime] |= _against(expected, _faces(run, card, len(images)), run.runtime)
    return {"reference": "float32 on ai-edge-litert", "pictures": len(shown), **said}


def _faces(run: Run, card: Card, count: int) -> list[Candidates | None]:
    """Each picture's faces after suppression, in network pixels."""
    decode = FAMILIES[card.detecting.family]
    found = []
    for index in range(count):
        raw = decode([output[index : index + 1] for output in run.outputs[1]], card)
        found.append(suppress(raw, card.detecting.nms_iou) if len(raw.scores) else None)
    return [_sure(one, card.detecting.score_min) for one in found]


def _sure(found: Candidates | None, least: float) -> Candidates | None:
    if found is None or not (found.scores >= least).any():
        return None
    kept = found.scores >= least
    return Candidates(found.boxes[kept], found.scores[kept], None)


def _against(
    expected: Sequence[Candidates | None], found: Sequence[Candidates | None], runtime: str
) -> dict[str, Any]:
    total = again = extra = 0
    gaps: list[float] = []
    for want, have in zip(expected, found, strict=True):
        matched = 0
        for box, score in zip(*want[:2], strict=True) if want is not None else ():
            total += 1
            best = None if have is None else overlap(box, have.boxes)
            if best is not None and have is not None and best.max() >= SAME_FACE_IOU:
                matched += 1
                gaps.append(abs(float(have.scores[best.argmax()] - score)))
        again += matched
        extra += (0 if have is None else len(have.scores)) - matched
    if total and again < LEAST_FOUND * total:
        raise ConvertError(f"refused: on {runtime} only {again} of float32's {total} faces remain")
    score_gap = round(max(gaps, default=0.0), 4)
    return {"faces": total, "found_again": again, "new": extra, "score_drift_max": score_gap}


def overlap(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (corners) with N."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    result: Floats = shared / np.maximum(areas + np.prod(box[2:] - box[:2]) - shared, 1e-9)
    return result
