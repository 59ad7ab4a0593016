"""`agender-convert evaluate`: networks, labelled faces, a detector → how good it is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from converters.errors import ConvertError
from converters.evaluate import measures, verdict
from converters.evaluate.faces import Answers, answer, chosen, load_network
from converters.evaluate.result import Result, render
from converters.evaluate.text import table
from converters.files import write_whole
from converters.labels import open_data
from converters.sources import digest
from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.meter import Meter

EXAMPLES = """examples:
  agender-convert evaluate --model models_tflite/ssrnet_age_imdb.json \\
      models_tflite/ssrnet_gender_imdb.json --data fairface_dev.zip --detector far
  agender-convert evaluate --model models_tflite/ssrnet_age_imdb.json --data chips.zip \\
      --detector far --pad 0.5 --limit 2000 --json age.json

The data is a ZIP or folder of images/ and labels.csv with the columns image, gender, and
age_years or age_band (and age_std, where the ages are several people's guesses)."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "evaluate",
        help="measure networks on labelled faces",
        description="Measure networks on labelled faces, through the device's own detection and "
        "crop code.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", type=Path, nargs="+", required=True, metavar="CARD", help="cards (NAME.json)"
    )
    parser.add_argument("--data", type=Path, required=True, help="ZIP or folder")
    parser.add_argument("--detector", default="far", help="preset or card (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there as well")
    parser.add_argument(
        "--models", type=Path, default=Path("models_tflite"), help="folder of the detectors"
    )
    parser.add_argument("--limit", type=int, help="measure on this many faces, drawn at random")
    parser.add_argument(
        "--pad",
        type=float,
        default=0.0,
        help="room put round each picture, as a part of its size (for chips cut at the face)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the result where asked."""
    result, worth = evaluate(arguments)
    print(table(result))
    print("\n".join(["", *worth]))
    if arguments.json:
        write_whole(arguments.json, render(result))
    return 0


def evaluate(arguments: argparse.Namespace) -> tuple[Result, list[str]]:
    """Measure the networks together; → the figures, and sentences on what they are worth."""
    networks = [load_network(card) for card in arguments.model]
    detector = open_detector(arguments.detector, arguments.models)
    estimator = Estimator(networks, detector.card.detecting.family, Meter())
    with open_data(arguments.data) as folder:
        labels = chosen(folder.labels, arguments.limit)
        answers = answer(folder, labels, detector, estimator, arguments.pad)
    if not answers.labels:
        raise ConvertError(
            f"{arguments.detector} found none of the {len(labels)} faces in {arguments.data}"
        )
    confidence = max(card.estimating.gender_confidence_min for card in estimator.cards)
    said = verdict.Said(answers.ages, answers.females)
    worth = [one.text for one in verdict.findings(measures.Labelled(answers), said)]
    result = Result(
        models={network.card.name: network.card.sha256 for network in networks},
        detector=arguments.detector,
        data=arguments.data.name,
        data_sha256=digest(arguments.data) if arguments.data.is_file() else "",
        faces=len(labels),
        not_found=answers.not_found,
        **_figures(answers, confidence, arguments.data.name),
    )
    return result, worth


def _figures(answers: Answers, confidence: float, data: str) -> dict[str, Any]:
    labelled = measures.Labelled(answers)
    return {
        "age_target": "years" if labelled.years_known else "the middle of the label's band",
        "age": measures.age_figures(answers, labelled),
        "gender": measures.gender_figures(answers, labelled, confidence),
        "confusion": measures.confusions(answers, labelled, data),
        "reliability": measures.reliability(answers, labelled),
    }
