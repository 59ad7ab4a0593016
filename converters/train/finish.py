"""A trained network → calibrated heads → float32 and int8 files → a bundle with its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters import bundle
from converters.errors import ConvertError
from converters.labels import BAND_MIDDLES, Label
from converters.nets import tflite_net
from converters.nets.tflite_net import Layer
from converters.nets.torch_net import AgeGender
from converters.tflite import output_positions
from converters.train import describe, unsure
from converters.train.answers import logits
from converters.train.batches import crops_of, drawn_crops, plain_crops, small_crops
from converters.train.calibrate import NO_FACE_FIT, SHARE_MIN, FaceFit, Fit, fit_face
from converters.train.carry import Faces, carried_fit
from converters.train.chips import Chips
from converters.train.compare import Comparison, Errors, Whose, compare
from converters.train.faceness import Judged
from converters.train.held_out import HeldOut, Said
from converters.train.others import Others
from converters.train.settings import Settings
from converters.train.split import persons
from converters.train.start import Sharpness, Start
from converters.verify import check
from edge.runtime.estimate.decode import decode, deviation, shares
from edge.runtime.networks.card import Card
from edge.runtime.networks.model import Network

PROBE_CROPS = 64
CROP_PX = (16, 20, 24, 32, 40, 48, 60)
"""Sizes of faces for which the accuracy is told: from the least that is of use to nearly whole."""
APART_MAX = 1.0
"""Logits by which the runtimes, which round differently, may differ."""


class Outcome(NamedTuple):
    """A trained network, the faces it is judged by, and what it may be calibrated by.

    held: the faces that had no part in training. stop: those that said when to stop, and that a
    calibration of a finished network is fitted on (else on `held`). learned: those it learned from.
    known: faces of a rehearsal that it did not learn from.
    """

    settings: Settings
    network: AgeGender
    chips: Chips
    learned: NDArray[np.bool_]
    held: NDArray[np.bool_]
    stop: NDArray[np.bool_] | None = None
    start: Start | None = None
    known: NDArray[np.bool_] | None = None
    others: Others | None = None
    """Crops to tell faces from other things by."""


class Finished(NamedTuple):
    """The card's path, what the result says of the held-out faces, and the comparisons with the
    start: on the user's faces, on those of `known`.
    """

    card: Path
    labels: tuple[Label, ...]
    said: Said
    own: Comparison | None
    known: Comparison | None


class Files(NamedTuple):
    """The network as float32 and as int8 file, its calibration, and the hash of its weights."""

    whole: bytes
    small: bytes
    fit: Fit
    sha256: str


def finish(
    outcome: Outcome, out: Path, *, insist: bool = False, say: Callable[[str], None] = print
) -> Finished:
    """Write the int8 bundle NAME and its float32 twin NAME_float32 into `out`.

    Where training began with a finished network, both are compared on the held-out faces, and what
    is not surely better is called NAME_worse or NAME_no_better, unless the user insists.
    ConvertError where a runtime refuses the int8 file.
    """
    files = _files(outcome, say)
    settings, start = outcome.settings, outcome.start
    draft = describe.Draft(settings, files.sha256)
    if start is not None:
        draft = draft.like(start.card.estimating)
    own, known = (_compared(outcome, draft, files.small, m) for m in (outcome.held, outcome.known))
    if own and not insist and own.verdict != "better":
        name = f"{settings.name}_{own.verdict}"
        draft = draft._replace(settings=msgspec.structs.replace(settings, name=name))
    held = _held_out(outcome, files, draft)._replace(comparison=own, known=known)
    crops = plain_crops(outcome.chips, np.flatnonzero(outcome.held), settings)
    card = draft.card(files.small, "int8", output_positions(files.small))
    card = draft.with_evidence(card, held, _checked(files.small, crops))
    twin = draft.card(files.whole, "float32", output_positions(files.whole))
    bundle.write(out, files.whole, twin)
    return Finished(bundle.write(out, files.small, card), held.labels, held.said, own, known)


def _files(outcome: Outcome, say: Callable[[str], None]) -> Files:
    settings, chips, network = outcome.settings, outcome.chips, outcome.network.cpu()
    judges = outcome.held if outcome.stop is None else outcome.stop
    fit = carried_fit(_faces(outcome, judges), say, finished=outcome.start is not None)
    fit = fit._replace(face=_face_fit(outcome))
    layers = [Layer(*pair) for pair in network.folded()]
    layers = fitted(layers, fit, len(layers) - len(settings.network.outputs))
    ranges = drawn_crops(chips, np.flatnonzero(outcome.learned), settings)
    if outcome.others is not None:
        seen = outcome.others.pixels[outcome.others.learned & ~outcome.others.face]
        ranges = np.concatenate([ranges, crops_of(seen[:: max(1, len(seen) // 128)], settings)])
    return Files(
        tflite_net.convert(settings.network, layers, None),
        tflite_net.convert(settings.network, layers, ranges),
        fit,
        hashlib.sha256(b"".join(a.tobytes() for layer in layers for a in layer)).hexdigest(),
    )


def _faces(outcome: Outcome, judges: NDArray[np.bool_]) -> Faces:
    """What the network says of the faces a calibration is fitted on, in logits."""
    chips, members = outcome.chips, np.flatnonzero(judges)
    crops = plain_crops(chips, members, outcome.settings)
    said = logits(outcome.network, crops)
    return Faces(said.age.astype(float), said.gender.astype(float), chips.band[members],
                 chips.female[members])  # fmt: skip


def _face_fit(outcome: Outcome) -> FaceFit:
    """By the faces held out and the crops that are judged by; none where there are no others."""
    if outcome.others is None:
        return NO_FACE_FIT
    judged = outcome.others.some(~outcome.others.learned)
    said = logits(outcome.network, crops_of(judged.pixels, outcome.settings)).face
    held = plain_crops(outcome.chips, np.flatnonzero(outcome.held), outcome.settings)
    faces = np.concatenate([said[judged.face], logits(outcome.network, held).face])
    return fit_face(faces.astype(float), said[~judged.face].astype(float))


def _compared(
    outcome: Outcome, draft: describe.Draft, content: bytes, mask: NDArray[np.bool_] | None
) -> Comparison | None:
    """Start and result, as files, on the crops of some faces; None where there is nothing to."""
    start = outcome.start
    if start is None or mask is None or not mask.any():
        return None
    members = np.flatnonzero(mask)
    crops = plain_crops(outcome.chips, members, outcome.settings)
    labels = labels_of(outcome.chips, members)
    before = answers(start.card, start.flatbuffer, crops)
    after = _said(draft, "int8", content, crops)
    whose = Whose(persons(outcome.chips)[members], outcome.chips.band[members])
    return compare(errors(before, labels), errors(after, labels), whose)


def errors(said: Said, labels: Sequence[Label]) -> Errors:
    """How far each answer is off."""
    truth = np.array([BAND_MIDDLES[label.band] for label in labels])
    female = np.array([label.female for label in labels])
    return Errors(np.abs(said.years - truth), (said.women > 0.5) == female)


def _held_out(outcome: Outcome, files: Files, draft: describe.Draft) -> HeldOut:
    """Everything that is measured on the held-out faces."""
    settings, chips = outcome.settings, outcome.chips
    members = np.flatnonzero(outcome.held)
    faces = _faces(outcome, outcome.held)
    crops = plain_crops(chips, members, settings)
    sharp = Sharpness() if outcome.start is None else outcome.start.sharpness
    share, seed = settings.data.held_out, settings.training.seed
    small = {
        px: _said(draft, "int8", files.small, small_crops(chips, members, settings, px))
        for px in CROP_PX
    }
    blurred = small_crops(chips, members, settings, unsure.WORN_PX, unsure.WORN_BLUR_PX)
    worn = _said(draft, "int8", files.small, blurred)
    said = _said(draft, "int8", files.small, crops)
    kinds = {"held out": said, "out of focus": worn} | {f"{p} px": s for p, s in small.items()}
    return HeldOut(
        labels_of(chips, members),
        said,
        _said(draft, "float32", files.whole, crops),
        files.fit,
        Sharpness(sharp.age * files.fit.age.scale, sharp.gender * files.fit.gender.scale),
        gender=(faces.gender.astype(np.float32), faces.female, faces.band),
        small=small,
        worn=worn,
        data=f"{share:.0%} of the training data, held out (seed {seed})",
        judged=_judged(outcome, files, draft, kinds),
    )


def _judged(
    outcome: Outcome, files: Files, draft: describe.Draft, kinds: Mapping[str, Said]
) -> Judged | None:
    """What the int8 file says of the crops that are judged by; `kinds`: of labelled faces."""
    if outcome.others is None:
        return None
    others = outcome.others.some(~outcome.others.learned)
    chance = _said(draft, "int8", files.small, crops_of(others.pixels, outcome.settings)).faces
    faces = {name: said.faces for name, said in kinds.items() if said.faces is not None}
    return None if chance is None else Judged(others, chance, faces)


def _said(draft: describe.Draft, scheme: str, content: bytes, crops: NDArray[np.uint8]) -> Said:
    return answers(draft.card(content, scheme, output_positions(content)), content, crops)


def fitted(layers: Sequence[Layer], fit: Fit, trunk: int) -> list[Layer]:
    """The layers with the fits multiplied into the heads; trunk: how many layers are no head."""
    age, gender, *face = layers[trunk:]
    prior = (fit.age.prior * np.log(np.maximum(fit.share, SHARE_MIN))).astype(np.float32)
    scale = np.float32(fit.age.scale)
    age = Layer(age.kernel * scale, (age.bias + prior) * scale)
    scale = np.float32(fit.gender.scale)
    gender = Layer(gender.kernel * scale, (gender.bias - np.float32(fit.gender.shift)) * scale)
    scale, shift = np.float32(fit.face.scale), np.float32(fit.face.shift)
    face = [Layer(head.kernel * scale, (head.bias - shift) * scale) for head in face]
    return [*layers[:trunk], age, gender, *face]


def answers(card: Card, content: bytes, crops: NDArray[np.uint8]) -> Said:
    """What the device's own runtime makes of the crops: years and the probability of a woman."""
    outputs = Network(card, content).run(crops)
    by_name = {output.attribute: output for output in card.estimating.outputs}
    said = {name: decode(outputs[output.tensor], output) for name, output in by_name.items()}
    age, answered = by_name["age"], Said(said["age"], said["gender"])
    if age.kind == "expectation":
        tensor = outputs[age.tensor]
        answered = answered._replace(shares=shares(tensor, age), deviation=deviation(tensor, age))
    return answered._replace(faces=said.get("face"))


def labels_of(chips: Chips, members: NDArray[np.int64]) -> tuple[Label, ...]:
    """What is known of some of the chips."""
    return tuple(
        Label(str(chips.image[i]), int(chips.band[i]), bool(chips.female[i]), str(chips.group[i]))
        for i in members
    )


def _checked(content: bytes, crops: NDArray[np.uint8]) -> dict[str, dict[str, float]]:
    """The file opened in a process of its own on each runtime at hand; they must agree."""
    runs = check.runs(content, crops[:PROBE_CROPS].astype(np.float32))
    check.say(runs.values())
    first = runs["ai-edge-litert"]
    report = {}
    for run in runs.values():
        pairs = zip(run.outputs[1], first.outputs[1], strict=True)
        gap = max(float(np.abs(one - other).max()) for one, other in pairs)
        if not gap < APART_MAX:
            raise ConvertError(
                f"{run.runtime} answers otherwise than {first.runtime}: {gap:.2f} logits"
            )
        report[run.runtime] = {
            "xnnpack_partitions": run.partitions,
            "logits_apart_max": round(gap, 4),
        }
    return report
