"""The card of a converted SSR-Net."""

from __future__ import annotations

from converters import bundle
from converters.sources import Original
from converters.ssrnet.published import Published
from edge.runtime.networks.card import Card, Crop, Estimator, Output, Source

MARGIN = 0.4
MARGINS = {"blazeface": 0.5}
"""Best of the sweeps in models_tflite/crops.md; age and gender share one crop."""


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
        estimator=Estimator(
            crop=Crop(margin=MARGIN, margins=MARGINS), outputs=(_output(published),)
        ),
        source=Source(_origin(first), first.sha256, published.author),
        intended_use="A baseline to compare with; age and gender of faces, in aggregate only.",
        limits="Trained on celebrities and volunteers: far less accurate on ordinary people, "
        "on women, and on the young and the old.",
        **bundle.fingerprint(flatbuffer),
    )


def _origin(original: Original) -> str:
    """The source, and the file inside it where it is an archive."""
    inside = f", {original.member}" if original.member else ""
    return original.source.origin + inside


def _output(published: Published) -> Output:
    if published.attribute == "age":
        return Output(attribute="age", kind="regression")
    if published.female_high:
        return Output(attribute="gender", kind="probability", positive="female")
    return Output(attribute="gender", kind="probability", positive="male")
