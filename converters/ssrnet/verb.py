"""`agender-convert ssrnet [NAME…]`: published SSR-Nets, or a file of one, → bundles."""

from __future__ import annotations

import argparse
from pathlib import Path

from converters import bundle
from converters.errors import ConvertError
from converters.sources import Original
from converters.ssrnet.published import PUBLISHED, Published
from converters.ssrnet.weights import SsrNet
from edge.runtime.card import Card, Crop, Estimator, Output, Source

DEFAULT = ("age-imdb", "gender-imdb")
MARGIN = 0.3
"""Training crops had about 40 % round the face; near and far boxes differ, see `margins`."""
EXAMPLES = """examples:
  agender-convert ssrnet
  agender-convert ssrnet age-imdb --source ~/downloads/human-models-3.0.4.tgz
  agender-convert ssrnet h5-age-wiki --scheme float32 --source wiki.h5 --out /tmp/models
"""


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
        help=f"which (default: {' '.join(DEFAULT)})",
    )
    parser.add_argument("--scheme", default="float16", help="weights (default: %(default)s)")
    parser.add_argument("--source", type=Path, help="the original file or package, already here")
    parser.add_argument(
        "--out", type=Path, default=Path("models_tflite"), help="folder (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Convert each network asked for; prints the cards' paths."""
    unknown = sorted(set(arguments.names) - set(PUBLISHED))
    if unknown:
        raise ConvertError(f"unknown network {unknown[0]!r}; known are {', '.join(PUBLISHED)}")
    for name in arguments.names or DEFAULT:
        published = PUBLISHED[name]
        contents = [original.read(arguments.source) for original in published.originals]
        net = published.network(contents)
        print(write(net, published, arguments.scheme, arguments.out))
    return 0


def write(net: SsrNet, published: Published, scheme: str, out: Path) -> Path:
    """Build, convert and bundle one network; → the card's path."""
    from converters import tflite
    from converters.ssrnet import network

    if scheme not in tflite.SCHEMES:
        raise ConvertError(f"--scheme must be one of {', '.join(tflite.SCHEMES)}, not {scheme!r}")
    model = network.build(net)
    shape = [None, published.input.height, published.input.width, 3]
    flatbuffer = tflite.convert(lambda image: {published.attribute: model(image)}, shape, scheme)
    return bundle.write(out, flatbuffer, card(published, scheme, flatbuffer))


def card(published: Published, scheme: str, flatbuffer: bytes) -> Card:
    """The card of one converted network, its evidence still to be measured."""
    suffix = "" if scheme == "float16" else f"_{scheme}"
    first = published.originals[0]
    return Card(
        name=published.name + suffix,
        description=f"SSR-Net {published.attribute}, trained on {published.trained_on}, "
        "BatchNorm folded",
        licence=published.licence,
        task="estimate",
        quantization=scheme,
        input=published.input,
        estimator=Estimator(crop=Crop(margin=MARGIN), outputs=(_output(published),)),
        source=Source(origin(first), first.sha256, published.author),
        intended_use="A baseline to compare with; age and gender of faces, in aggregate only.",
        limits="Trained on celebrities and volunteers: far less accurate on ordinary people, "
        "on women, and on the young and the old.",
        **bundle.fingerprint(flatbuffer),
    )


def origin(original: Original) -> str:
    """The source, and the file inside it where it is an archive."""
    inside = f", {original.member}" if original.member else ""
    return original.source.origin + inside


def _output(published: Published) -> Output:
    if published.attribute == "age":
        return Output(attribute="age", kind="regression")
    positive = "female" if published.female_high else "male"
    return Output(attribute="gender", kind="probability", positive=positive)
