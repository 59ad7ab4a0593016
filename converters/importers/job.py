"""One import: the file, a process of its own that converts it, what the card says of both."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.errors import ConvertError
from converters.importers import cost
from converters.importers.template import Template
from converters.importers.worker import REFUSED, Done, Job
from converters.sources import digest
from converters.verify import check
from converters.verify.crops import Where, cut_crops
from edge.runtime import burden
from edge.runtime.card import Card, Estimator, Source
from edge.runtime.decode import decode

CALIBRATION_IMAGES = 128
REFERENCE_IMAGES = 200
LONGEST_S = 4 * 3600
PARITY_LIMIT = 5e-4
"""The most that a value may differ from the original framework's, as a part of the largest."""
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3", "KERAS_BACKEND": "tensorflow"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user gave; `origin` is how a person would name the file's source."""

    template: Template
    file: Path
    origin: str
    structure: Path | None
    mean: Path | None
    scheme: str
    where: Where | None
    name: str = ""


def convert(asked: Asked, out: Path) -> tuple[Path, Card]:
    """Import the file and write its bundle into `out`; → the card's path and the card."""
    draft = _draft(asked)
    crops = None if asked.where is None else cut_crops(draft, asked.where)
    inputs = check.noise(draft) if crops is None else crops.inputs(draft.input)
    with tempfile.TemporaryDirectory(prefix="agender-convert-") as place:
        folder = Path(place)
        np.save(folder / "inputs.npy", inputs)
        done = _work(asked, folder, 0 if crops is None else CALIBRATION_IMAGES)
        flatbuffer, float32 = (
            (folder / f"{name}.tflite").read_bytes() for name in ("scheme", "float32")
        )
        card = msgspec.structs.replace(
            _with_tensors(draft, asked.template, done, at=0),
            multiply_adds=cost.multiply_adds(folder / "float32.tflite"),
        )
        evidence: dict[str, Any] = {
            "parity": _parity(asked, done, float32, inputs, folder),
            "left_out": list(done.left_out),
        }
    card = msgspec.structs.replace(card, **bundle.fingerprint(flatbuffer))
    small = not burden.heavy(card)  # what runs on boards has to run in their old runtime too
    if crops is None:
        check.say(check.runs(flatbuffer, inputs, old=small).values())
    else:
        evidence["drift"] = check.estimator_evidence(card, flatbuffer, float32, crops, old=small)
    card = msgspec.structs.replace(card, evidence=evidence)
    return bundle.write(out, flatbuffer, card), card


def _draft(asked: Asked) -> Card:
    """The card before anything is known of the converted file."""
    template = asked.template
    suffix = "" if asked.scheme == "float16" else f"_{asked.scheme}"
    within = [template.input.within] if template.input.within else []
    if asked.mean is not None:
        within.append(f"subtracts the mean picture {asked.mean.name} ({digest(asked.mean)[:12]}…)")
    if template.standardize:
        within.append("standardizes each picture (mean 0, deviation 1)")
    return Card(
        name=asked.name or template.name + suffix,
        description=template.description,
        licence=template.licence,
        task="estimate",
        quantization=asked.scheme,
        input=msgspec.structs.replace(template.input, within="; ".join(within)),
        estimator=Estimator(
            crop=template.crop,
            outputs=tuple(output.card_output(0) for output in template.outputs),
            gender_confidence_min=template.gender_confidence_min,
        ),
        source=Source(asked.origin, _digest(asked.file), template.author),
        intended_use=template.intended_use,
        limits=template.limits,
        **bundle.fingerprint(b"\0"),
    )


def _digest(path: Path) -> str:
    """A file's hash; of a folder, that of the one file in it that holds the graph."""
    if path.is_dir() and not (path / "saved_model.pb").is_file():
        raise ConvertError(f"{path} is a folder, and no SavedModel: it has no saved_model.pb")
    return digest(path / "saved_model.pb" if path.is_dir() else path)


def _with_tensors(draft: Card, template: Template, done: Done, at: int) -> Card:
    """The card whose outputs name the tensors of the converted (0) or the float32 (1) file."""
    outputs = tuple(
        output.card_output(done.positions[output.attribute][at]) for output in template.outputs
    )
    estimator = msgspec.structs.replace(draft.estimating, outputs=outputs)
    return msgspec.structs.replace(draft, estimator=estimator)


def _work(asked: Asked, folder: Path, calibration_images: int) -> Done:
    """Have the file converted in a process of its own; ConvertError with its reason."""
    job = Job(
        template=asked.template,
        file=str(asked.file.absolute()),
        structure=str(asked.structure.absolute()) if asked.structure else "",
        mean=str(asked.mean.absolute()) if asked.mean else "",
        scheme=asked.scheme,
        calibration_images=calibration_images,
        reference_images=REFERENCE_IMAGES,
    )
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    command = [sys.executable, "-m", "converters.importers.worker", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **QUIET},
            timeout=LONGEST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ConvertError(
            f"{asked.file.name} is not converted after {LONGEST_S / 3600:g} hours: it is damaged, "
            "or far too large"
        ) from error
    if done.returncode == REFUSED:
        raise ConvertError((folder / "refused.txt").read_text(encoding="utf-8"))
    if done.returncode < 0:
        raise ConvertError(
            f"{asked.file.name} aborts the program that reads it (signal {-done.returncode}): "
            "it is damaged"
        )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise ConvertError(f"{asked.file.name} could not be converted: {lines[-1]}")
    return msgspec.json.decode((folder / "done.json").read_bytes(), type=Done)


def _parity(
    asked: Asked, done: Done, float32: bytes, inputs: NDArray[np.float32], folder: Path
) -> dict[str, Any]:
    """The float32 file against the original framework; ConvertError where they disagree."""
    if done.reason:
        print(f"agender-convert: not compared: {done.reason}", file=sys.stderr)
        return {"reference": None, "reason": done.reason}
    some = inputs[:REFERENCE_IMAGES]
    said = check.runs(float32, some, old=False)["ai-edge-litert"].outputs[1]
    with np.load(folder / "reference.npz") as arrays:
        expected = {name: arrays[name] for name in arrays.files}
    found: dict[str, Any] = {"reference": done.framework, "images": len(some)}
    gaps = [0.0]
    for output in asked.template.outputs:
        values = said[done.positions[output.attribute][1]]
        (original,) = (v for name, v in expected.items() if output.attribute in name.split("_"))
        gap = float(np.abs(values.reshape(original.shape) - original).max())
        if not gap <= PARITY_LIMIT * max(1.0, float(np.abs(original).max())):
            raise ConvertError(
                f"refused: the conversion of {asked.file.name} differs from {done.framework} by "
                f"{gap:.2g} in its output for {output.attribute}"
            )
        gaps.append(gap)
        apart = np.abs(decode(values, output) - decode(original, output)).max()
        unit = "age_years" if output.attribute == "age" else "gender_probability"
        found[f"{unit}_max_difference"] = float(f"{apart:.2g}")
    return {**found, "max_difference": float(f"{max(gaps):.2g}")}
