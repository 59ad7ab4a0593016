"""Rounds of measurements → costs, ratios with their spread, and accuracies."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.systems import OURS, System
from benchmarks.peers.workers import FailedError, Worker
from converters.evaluate import measures
from converters.evaluate.faces import Answers, answer
from converters.labels import Folder, Label, open_data
from edge.config.tables import Config
from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import open_estimator


class Cost(NamedTuple):
    """Milliseconds of processor time a frame, the share of frames faces were looked for on, and
    how many were found on each of those.
    """

    cpu_ms: float
    looked: float
    faces: float


Costs = dict[str, dict[str, list[Cost]]]
"""System → clip → one figure a round."""


def costs(
    workers: Mapping[str, Worker], clips: Sequence[Path], rounds: int, sample: int
) -> tuple[Costs, dict[str, str]]:
    """Every system on every clip, one after the other, `rounds` times over; and who failed."""
    found: Costs = {name: {clip.name: [] for clip in clips} for name in workers}
    failed: dict[str, str] = {}
    for number in range(rounds):
        for clip in clips:
            for name, worker in workers.items():
                if name in failed:
                    continue
                try:
                    reply = worker.ask({"clip": str(clip.resolve()), "sample": sample})
                except FailedError as error:
                    failed[name] = str(error)
                    del found[name]
                    continue
                frames = reply["frames"]
                looks = reply["looks"]
                cost = Cost(
                    1000 * reply["cpu_s"] / frames, looks / frames, reply["faces"] / max(looks, 1)
                )
                found[name][clip.name].append(cost)
                print(
                    f"round {number + 1}/{rounds}  {clip.name:<42}{name:<26}{cost.cpu_ms:9.2f} ms",
                    file=sys.stderr,
                )
    return found, failed


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = np.percentile(list(values), (25, 50, 75)).tolist()
    return {"median": round(middle, 2), "low": round(low, 2), "high": round(high, 2)}


def summary(found: Costs) -> dict[str, dict[str, Any]]:
    """System → its cost and its ratio to ours: over rounds, each the mean of all clips, and the
    median ratio on every clip.
    """
    ours = found[OURS]
    return {
        name: {
            "cpu_ms_per_frame": spread(_by_round(by_clip)),
            "ratio": spread(
                a / b for a, b in zip(_by_round(by_clip), _by_round(ours), strict=True)
            ),
            "ratio_by_clip": {c: _ratio(costs, ours[c]) for c, costs in by_clip.items()},
            "cpu_ms_by_clip": {
                c: round(statistics.median(cost.cpu_ms for cost in costs), 3)
                for c, costs in by_clip.items()
            },
            "looked": round(statistics.fmean(costs[0].looked for costs in by_clip.values()), 3),
            "faces": round(statistics.fmean(costs[0].faces for costs in by_clip.values()), 2),
        }
        for name, by_clip in found.items()
    }


def _ratio(costs: Sequence[Cost], ours: Sequence[Cost]) -> float:
    """The median over the rounds."""
    ratios = (a.cpu_ms / b.cpu_ms for a, b in zip(costs, ours, strict=True))
    return round(statistics.median(ratios), 2)


def _by_round(by_clip: Mapping[str, Sequence[Cost]]) -> list[float]:
    """The mean over the clips, round by round."""
    rounds = zip(*by_clip.values(), strict=True)
    return [statistics.fmean(cost.cpu_ms for cost in costs) for costs in rounds]


def our_accuracy(data: Path) -> dict[str, Any]:
    """The shipped detector and estimators, exactly as `agender-convert evaluate` measures them."""
    config = Config()
    models = Path(config.paths.models)
    detector = open_detector(config.detector.model, models)
    family = detector.card.detecting.family
    estimator = open_estimator(config.estimator.models, models, family)
    with open_data(data) as folder:
        return figures(answer(folder, folder.labels, detector, estimator, 0.0))


def accuracy(worker: Worker, data: Path) -> dict[str, Any]:
    """A peer with its own detector and crops, by the measures of `agender-convert evaluate`."""
    with open_data(data) as folder, tempfile.TemporaryDirectory() as place:
        paths = [_written(folder, label, Path(place)) for label in folder.labels]
        replies = worker.ask({"pictures": paths})["answers"]
        pairs = [(label, r) for label, r in zip(folder.labels, replies, strict=True) if r]
    return figures(
        Answers(
            tuple(label for label, _ in pairs),
            np.array([reply["age_years"] for _, reply in pairs]),
            np.array([reply["female"] for _, reply in pairs]),
            len(replies) - len(pairs),
        )
    )


def _written(folder: Folder, label: Label, place: Path) -> str:
    path = place / Path(label.image).name
    path.write_bytes(folder.read(label.image))
    return str(path)


def figures(answers: Answers) -> dict[str, Any]:
    """What the table shows of an evaluation."""
    labelled = measures.Labelled(answers)
    age = measures.age_figures(answers, labelled)["overall"]
    gender = measures.gender_figures(answers, labelled, 0.5)
    return {
        "found": len(answers.labels),
        "of": len(answers.labels) + answers.not_found,
        "age_error_years": round(age.error_years, 2),
        "exact": round(age.exact, 3),
        "one_off": round(age.one_off, 3),
        "gender": round(gender["overall"].accuracy, 3),
        "gender_adults": round(gender["adults"].accuracy, 3),
    }


def better(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether our age error is smaller and our gender accuracy higher."""
    smaller = ours["age_error_years"] < theirs["age_error_years"]
    return bool(smaller and ours["gender"] > theirs["gender"])


def goals(
    systems: Sequence[System], summed: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, float, float]]:
    """(system, ratio wanted, median ratio) of each system with a goal that was measured."""
    return [
        (system.name, system.goal, summed[system.name]["ratio"]["median"])
        for system in systems
        if system.goal is not None and system.name in summed
    ]
