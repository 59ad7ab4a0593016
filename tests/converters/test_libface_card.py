"""libfacedetection's cards: what the device is told about each size, made by the recipe alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from converters.detectors import libface_card
from edge.runtime.networks.card import Card, Source

MODELS = Path(__file__).parents[2] / "models_tflite"
SIZES = libface_card.DEFAULT_SIZES
SHIPPED = [*((size, "float16") for size in SIZES), *((size, "int8") for size in SIZES[:-1])]


def card(size, scheme="float16"):
    tensors = {"place": 0, "score": 1}
    origin = {"source": Source("here", "0"), "bytes": 1, "sha256": "0" * 64}
    return libface_card.card(size, scheme, tensors, SIZES, **origin)


def test_networks_of_the_whole_picture_say_how_faces_are_looked_at_again():
    """The others are parts of it, or the one that looks again."""
    said = {made.name: made.detecting for made in map(card, SIZES)}
    whole = {name: rules for name, one in said.items() if (rules := one.second_look)}
    assert set(whole) == {"libface_320x240", "libface_320x176"}
    assert all(rules.card in said for rules in whole.values())
    assert all(set(said[name].parts) < set(said) for name in whole)


@pytest.mark.parametrize(("size", "scheme"), SHIPPED)
def test_shipped_cards_are_what_the_recipe_says(size, scheme):
    """Nothing was written into them by hand."""
    made = card(size, scheme)
    shipped = msgspec.json.decode((MODELS / f"{made.name}.json").read_bytes(), type=Card)
    assert shipped.detector == made.detector
    assert (shipped.input, shipped.limits) == (made.input, made.limits)


def test_no_part_of_a_picture_is_looked_at_with_a_network_of_another_height():
    """Nor with one that is as wide."""
    parts = card((240, 176)).detecting.parts
    assert parts == ("libface_160x176",)
