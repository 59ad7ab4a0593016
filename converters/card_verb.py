"""`agender-convert card`: read a bundle's card, check it, add an evaluation to it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from converters import bundle
from converters.errors import ConvertError
from converters.evaluate.result import Result, read_result, rounded
from edge.runtime.networks.card import Card, read_card, read_model

EXAMPLES = """examples:
  agender-convert card models_tflite/ssrnet_age_imdb.json
  agender-convert card models_tflite/ssrnet_age_imdb.json --result age.json
  agender-convert card models_tflite/agender_64.json --result years.json --only age_published
  agender-convert card models_tflite/ssrnet_age_imdb.json --variant dot_product=my_int8"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "card",
        help="show or check a model card, add an evaluation to it",
        description="Check a bundle (network, card, embedded card) and print its card; with "
        "--result, write the accuracy and the confusion matrices into it first.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("card", type=Path, metavar="CARD", help="NAME.json")
    parser.add_argument("--result", type=Path, help="what `evaluate --json` wrote")
    parser.add_argument(
        "--only",
        choices=("age", "age_published", "gender"),
        help="take this one confusion matrix from the result, and no accuracy; age_published "
        "corrects the counted bands and needs faces labelled with age_years",
    )
    parser.add_argument(
        "--variant",
        type=variant,
        action="append",
        default=[],
        metavar="CLASS=NAME",
        help="use the bundle NAME on processors of CLASS: dot_product (Pi 5) or plain (Pi 4)",
    )
    parser.set_defaults(run=run)


def variant(text: str) -> tuple[str, str]:
    """'plain=agender_float32' → ('plain', 'agender_float32')."""
    kind, _, name = text.partition("=")
    if kind not in ("dot_product", "plain") or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not dot_product=NAME or plain=NAME")
    return kind, name


def run(arguments: argparse.Namespace) -> int:
    """Check, extend where asked, print."""
    path: Path = arguments.card
    card = check(path)
    if arguments.result:
        result = read_result(arguments.result)
        card = (
            with_matrix(card, result, arguments.only)
            if arguments.only
            else with_result(card, result)
        )
    for kind, name in arguments.variant:
        other = check(path.with_name(f"{name}.json"))
        if (other.task, other.variants) != (card.task, {}):
            raise ConvertError(f"{name} is no variant: another task, or with variants of its own")
        card = msgspec.structs.replace(card, variants={**card.variants, kind: name})
    if arguments.result or arguments.variant:
        bundle.rewrite(path, card)
    print(bundle.render(read_card(path)).decode(), end="")
    return 0


def check(path: Path) -> Card:
    """The card of a bundle that is whole; ConvertError or ModelError where it is not."""
    card = read_card(path)
    content = read_model(card, path.with_suffix(".tflite"))
    if bundle.embedded_card(content) != path.read_bytes():
        raise ConvertError(
            f"the card inside {path.with_suffix('.tflite')} differs from {path}: "
            "make the bundle again"
        )
    return card


def with_result(card: Card, result: Result) -> Card:
    """The card with the accuracy on the result's faces; ConvertError for another network's."""
    _same(card, result)
    said = {output.attribute for output in card.estimating.outputs}
    accuracy: dict[str, Any] = {
        "data": result.data,
        "detector": result.detector,
        "faces": result.faces,
        "not_found": result.not_found,
        "age_target": result.age_target,
    }
    figures: dict[str, Any] = {"age": result.age, "gender": result.gender}
    for attribute in sorted(said):
        accuracy[attribute] = msgspec.to_builtins(figures[attribute])
    return msgspec.structs.replace(
        card,
        confusion={**card.confusion, **{name: result.confusion[name] for name in sorted(said)}},
        evidence={**card.evidence, "accuracy": rounded(accuracy)},
    )


def with_matrix(card: Card, result: Result, name: str) -> Card:
    """The card with one confusion matrix of the result; ConvertError where it has none."""
    _same(card, result)
    if name not in result.confusion:
        raise ConvertError(
            f"the evaluation has no matrix {name!r}: age_published needs labels in age_years"
        )
    return msgspec.structs.replace(card, confusion={**card.confusion, name: result.confusion[name]})


def _same(card: Card, result: Result) -> None:
    if result.models.get(card.name) != card.sha256:
        raise ConvertError(f"the evaluation is not of this {card.name} (its SHA-256 differs)")
