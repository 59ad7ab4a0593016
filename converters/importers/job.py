"""One import: the file, a process of its own that converts it, what the card says of both."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import bundle, terms
from converters.errors import ConvertError
from converters.evaluate.faces import load_network
from converters.importers import assess, cost, parity, process, suggest
from converters.importers.request import Done, Job
from converters.importers.template import Template
from converters.sources import digest
from converters.verify import check
from converters.verify.crops import Crops, Where, cut_for
from edge.config.tables import Config
from edge.runtime.networks import resource_limits
from edge.runtime.networks.card import Card, Estimator, Source, read_card

TRIALS, FEW_TRIALS = 200, 60
"""Faces that other ways to feed the network are tried on; the fewer for one for workstations."""
CALIBRATION_IMAGES = 128
REFERENCE_IMAGES = 200
NEW_ONLY = "not for boards of 32 bits"


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
    default = _default(asked.where)
    crops = [] if asked.where is None else cut_for((draft, *default), asked.where)
    inputs = crops[0].inputs(draft.input) if crops else check.noise(draft)
    with tempfile.TemporaryDirectory(prefix="agender-convert-") as place:
        folder = Path(place)
        np.save(folder / "inputs.npy", inputs)
        done = _work(asked, folder, CALIBRATION_IMAGES if crops else 0)
        flatbuffer, float32 = (
            (folder / f"{name}.tflite").read_bytes() for name in ("scheme", "float32")
        )
        card = msgspec.structs.replace(
            _with_tensors(draft, asked.template, done, at=0),
            multiply_adds=cost.multiply_adds(folder / "float32.tflite"),
        )
        evidence: dict[str, Any] = {
            "parity": parity.measured(
                asked.template, done, float32, inputs[:REFERENCE_IMAGES], folder
            ),
            "left_out": list(done.left_out),
        }
    card = msgspec.structs.replace(card, **bundle.fingerprint(flatbuffer))
    plain = _with_tensors(card, asked.template, done, at=1)
    evidence["verdict"] = _assessed(asked, plain, float32, inputs, crops)
    # What runs on boards has to run in their old runtime too.
    small = not resource_limits.heavy(card)
    if small and done.ready and (reason := _not_on_old(flatbuffer, inputs)):
        print(f"agender-convert: {card.name}: {NEW_ONLY}: {reason}", file=sys.stderr)
        small, evidence["boards"] = False, f"{NEW_ONLY}: {reason}"
    if crops:
        evidence["drift"] = check.estimator_evidence(card, flatbuffer, float32, crops[0], old=small)
    else:
        check.say(check.runs(flatbuffer, inputs, old=small).values())
    card = msgspec.structs.replace(card, evidence=evidence)
    return bundle.write(out, flatbuffer, card), card


def _not_on_old(flatbuffer: bytes, inputs: NDArray[np.float32]) -> str:
    """Why the boards' old runtime does not run a ready file, which is nobody's to change here."""
    try:
        check.runs(flatbuffer, inputs[: check.NOISE_IMAGES])
    except ConvertError as error:
        return str(error)
    return ""


def _default(where: Where | None) -> tuple[Card, ...]:
    """The network that a device would use otherwise, to compare with; none where it isn't there."""
    if where is None:
        return ()
    (name, *_) = Config().estimator.models
    path = where.models / f"{name}.json"
    return (read_card(path),) if path.is_file() else ()


def _assessed(
    asked: Asked,
    card: Card,
    float32: bytes,
    inputs: NDArray[np.float32],
    crops: Sequence[Crops],
) -> list[str]:
    """What the answers are worth, told in sentences; ConvertError where they can be none."""

    def ask(images: NDArray[np.float32]) -> assess.Outputs:
        return check.runs(float32, images, old=False)["ai-edge-litert"].outputs[1]

    outputs = ask(inputs)
    assess.refuse_impossible(card, outputs)
    if not crops:
        print(
            f"agender-convert: {card.name}: how good it is was not measured, nor whether it is fed "
            "and read rightly: give labelled faces with --data",
            file=sys.stderr,
        )
        return []
    count = FEW_TRIALS if resource_limits.heavy(card) else TRIALS
    rows = np.random.default_rng(0).permutation(len(inputs))[:count]
    print(
        f"agender-convert: {card.name}: judging it on {len(inputs)} faces, {len(rows)} of them "
        "fed to it in other ways too",
        file=sys.stderr,
    )
    some = crops[0].some(rows)
    trials = suggest.Trials(
        card,
        lambda spec: assess.said(card, ask(some.inputs(spec))),
        rows,
        ranges=not (asked.template.standardize or asked.mean),
    )
    assert asked.where is not None
    default = None
    if len(crops) > 1:
        (name, *_) = Config().estimator.models
        default = assess.Default(load_network(asked.where.models / f"{name}.json"), crops[1])
    return assess.judge(card, outputs, crops[0], default, trials)


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
        licence=terms.completed(template.licence),
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
    return msgspec.structs.replace(
        draft,
        estimator=msgspec.structs.replace(draft.estimating, outputs=outputs),
        input=msgspec.structs.replace(draft.input, batch_max=done.batch_max),
        quantization=done.scheme or draft.quantization,
    )


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
    process.run(job, folder)
    return msgspec.json.decode((folder / "done.json").read_bytes(), type=Done)
