"""`agender-convert train`: labelled faces → a network, its card and its evidence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converters.errors import ConvertError
from converters.train import requirements
from converters.train.settings import settings_of

EXAMPLES = """examples:
  agender-convert train --data fairface_train.zip --out training/agender_64 \\
      --config converters/train/agender_64.toml
  agender-convert train --data fairface_train.zip --out training/second --epochs 48 \\
      --config converters/train/agender_64.toml --start training/first/checkpoint.pt \\
      --teacher training/teacher/soft_labels.npz
  agender-convert train --data my_faces/ --config mine.toml --out training/mine \\
      --start models_tflite/agender_64.tflite

The data is a ZIP or folder of images/ and labels.csv with the columns image, gender (female or
male), age_band (0-2, 3-9, 10-19 … 70+) or age_years, and, if you like, group. Faces need some
margin. The configuration is TOML; converters/train/settings.py names every key and its default.

The same command goes on where a run was stopped. OUT then holds
  NAME.tflite, NAME.json       the int8 network and its card, for models_tflite/
  NAME_float32.*               its float32 twin
  curves.csv, curves.png       loss and held-out accuracy, epoch by epoch
  held_out.zip                 the pictures that were not trained on, for `evaluate --pad 0.25`
  checkpoint.pt, chips/        what a further run goes on from"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "train",
        help="train an age and gender network on labelled faces",
        description="Train an age and gender network on labelled faces. Uses a GPU where PyTorch "
        "sees one; on two CPU cores an epoch of 35,000 faces takes half a minute.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="ZIP or folder")
    parser.add_argument("--config", type=Path, help="TOML file (default: the built-in settings)")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything it writes")
    parser.add_argument(
        "--models", type=Path, default=Path("models_tflite"), help="folder of the detectors"
    )
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    _add_lessons(parser)
    parser.set_defaults(run=run)


def _add_lessons(parser: argparse.ArgumentParser) -> None:
    """What a run builds on besides its data."""
    parser.add_argument(
        "--teacher",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="soft_labels.npz of `agender-convert teach`, or checkpoint.pt of an earlier run, "
        "whose opinion is learned from beside the labels; the mean of several",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="what a new run begins with: checkpoint.pt of an earlier run (the network may have "
        "twice as many channels), or a .tflite file of such a run's, like the one that ships",
    )
    parser.add_argument(
        "--held-out",
        type=Path,
        metavar="ZIP",
        help="held_out.zip of an earlier run, whose pictures are held out again (default: drawn)",
    )
    parser.add_argument(
        "--rehearse",
        type=Path,
        metavar="DATA",
        help="faces of the kind that the start knows already (as --data), learned again beside "
        "yours so that nothing is forgotten; with --start NAME.tflite",
    )
    parser.add_argument(
        "--not-faces",
        type=Path,
        metavar="ZIP",
        help="crops of faces and of what a detector took for one, as images/ and a labels.csv of "
        "the columns image, face (1 or 0), source, box_px, licence; learned from where "
        "[network] face = true, and [not_faces] says by which of them it is judged",
    )
    parser.add_argument(
        "--insist",
        action="store_true",
        help="take the result though it is not surely better than the start",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on training, and write the bundle; prints the card's path."""
    if arguments.epochs is not None and arguments.epochs < 1:
        raise ConvertError(f"--epochs is {arguments.epochs}, must be 1 or more")
    settings = settings_of(arguments.config, arguments.epochs)
    requirements.check_labels(arguments.data, arguments.rehearse)
    try:
        import torch  # noqa: F401 - an extra of its own
    except ImportError as error:
        raise ConvertError("training needs PyTorch: pip install 'agender-edge[train]'") from error
    from converters.train.job import train_and_bundle
    from converters.train.run import Lessons

    lessons = Lessons(
        tuple(arguments.teacher),
        arguments.start,
        arguments.held_out,
        arguments.rehearse,
        arguments.not_faces,
        arguments.insist,
    )
    card = train_and_bundle(arguments.data, settings, arguments.out, arguments.models, lessons)
    print(card, file=sys.stdout)
    return 0
