"""`agender-convert ssrnet [NAME…]`: published SSR-Nets → bundles, with evidence."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from converters import bundle
from converters.errors import ConvertError
from converters.sources import Given, Original, digest
from converters.ssrnet import described
from converters.ssrnet.published import PUBLISHED, Published
from converters.ssrnet.weights import SsrNet
from converters.verify.crops import Crops, Where, cut_crops
from edge.runtime.networks.card import Card

DEFAULT = ("age-imdb", "gender-imdb")
CALIBRATION_IMAGES = 128
PARITY_IMAGES = 200
PARITY_LIMIT = 1e-4
EXAMPLES = """examples:
  agender-convert ssrnet
  agender-convert ssrnet age-imdb --source ~/downloads/human-models-3.0.4.tgz
  agender-convert ssrnet ~/downloads/wiki.h5
  agender-convert ssrnet h5-age-wiki --source wiki.h5 --data fairface_dev.zip --out /tmp/models
  agender-convert ssrnet age-imdb --scheme int8_relu_trunk --data fairface_dev.zip

schemes: float32, float16, dynamic_int8, int8 (all integer), int16x8 (16-bit activations),
int8_trunk (both trunks, the head in float32), int8_relu_trunk (only the ReLU trunk); the last four
need --data."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "ssrnet",
        help="convert published SSR-Net age and gender networks",
        description="Convert published SSR-Nets into bundles: NAME.tflite and NAME.json.",
        epilog=f"networks: {', '.join(PUBLISHED)}\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"network, or the file of a published one (default: {' '.join(DEFAULT)})",
    )
    parser.add_argument("--scheme", default="float16", help="weights (default: %(default)s)")
    parser.add_argument("--source", type=Path, help="the original file or package, already here")
    parser.add_argument(
        "--unpinned",
        action="store_true",
        help="take the file given with --source though it is not the published one: your own "
        "training of the same architecture, in the same format",
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="labelled faces, as for evaluate: calibrates int8, measures the drift",
    )
    parser.add_argument("--limit", type=int, default=1000, help="use at most this many faces")
    parser.add_argument("--pad", type=float, default=0.0, help="room round each picture")
    parser.add_argument(
        "--models", type=Path, default=Path("models_tflite"), help="folder of the detectors"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("models_tflite"), help="folder (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Convert each network asked for; prints the cards' paths."""
    for published, path in wanted(arguments.names, arguments.source, arguments.unpinned):
        print(_converted(published, path, arguments))
    return 0


def wanted(
    names: Sequence[str], source: Path | None, unpinned: bool
) -> list[tuple[Published, Path | None]]:
    """The networks a command line means, by name or by the file itself, and their files."""
    if source is not None and not names and not unpinned:
        names = [str(source)]
    found: list[tuple[Published, Path | None]] = []
    for name in names or DEFAULT:
        if name in PUBLISHED:
            published = PUBLISHED[name]
            found.append((own(published, source) if unpinned else published, source))
        elif Path(name).is_file():
            found += [(published, Path(name)) for published in identified(Path(name))]
        else:
            raise ConvertError(
                f"{name!r} is neither a file nor a network; known are {', '.join(PUBLISHED)}"
            )
    return found


def identified(path: Path) -> list[Published]:
    """The published networks that a file holds, told by its hash."""
    sha256 = digest(path)
    found = [
        published
        for published in PUBLISHED.values()
        if {sha256} & {published.originals[0].sha256, published.originals[0].source.sha256}
        and (len(published.originals) == 1 or sha256 == published.originals[0].source.sha256)
    ]
    if not found:
        raise ConvertError(
            f"{path} is none of the published SSR-Net files (SHA-256 {sha256[:12]}…): it is "
            "truncated, changed or another network; to convert your own, name its kind and add "
            "--unpinned"
        )
    return found


def own(published: Published, path: Path | None) -> Published:
    """The same kind of network from the user's own file; ConvertError where that can't be."""
    if path is None or len(published.originals) != 1:
        raise ConvertError("--unpinned needs one network in one file, given with --source")
    mine = Original(Given(path.name, ""), digest(path))
    return replace(
        published,
        name=f"{published.name}_own",
        trained_on="data of its own",
        originals=(mine,),
        author="",
        weights_licence="its owner's",
    )


def _converted(published: Published, path: Path | None, arguments: argparse.Namespace) -> Path:
    contents = [original.read(path) for original in published.originals]
    net = published.network(contents)
    from converters.ssrnet import schemes
    from converters.verify import check

    card = described.card(published, arguments.scheme, b"\0")
    crops = _crops(card, arguments)
    inputs = check.noise(card) if crops is None else crops.inputs(card.input)
    calibration = None if crops is None else inputs[:CALIBRATION_IMAGES]
    flatbuffer = schemes.convert(net, published.attribute, arguments.scheme, calibration)
    float32 = schemes.convert(net, published.attribute, "float32")
    evidence: dict[str, Any] = {"parity": parity(net, float32, inputs)}
    if crops is None:
        check.say(check.runs(flatbuffer, inputs).values())
    else:
        evidence["drift"] = check.estimator_evidence(card, flatbuffer, float32, crops)
    return bundle.write(arguments.out, flatbuffer, msgspec.structs.replace(card, evidence=evidence))


def _crops(card: Card, arguments: argparse.Namespace) -> Crops | None:
    if arguments.data is None:
        return None
    where = Where(arguments.data, arguments.models, arguments.limit, arguments.pad)
    return cut_crops(card, where)


def parity(net: SsrNet, float32: bytes, inputs: Any) -> dict[str, Any]:
    """The float32 file against the float64 evaluation; ConvertError where they disagree."""
    from converters.ssrnet import reference
    from converters.verify import check

    some = inputs[:PARITY_IMAGES]
    expected = reference.evaluate(net, some)
    said = check.runs(float32, some)["ai-edge-litert"].outputs[1][0][:, 0]
    gap = float(np.abs(said - expected).max())
    if gap > PARITY_LIMIT:
        raise ConvertError(f"refused: the conversion differs from the original by {gap:.2g}")
    return {
        "reference": "the original's weights evaluated in float64 NumPy",
        "images": len(some),
        "max_difference": float(f"{gap:.2g}"),
    }
