"""The reference page of the card says what the code reads."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest
from msgspec import inspect

from converters import card_page
from edge.runtime.networks.card import Card

PAGE = Path(__file__).parents[2] / "docs" / "card.md"
STRUCTURES = list(card_page.structures(inspect.type_info(Card)))
KEYS = [
    pytest.param(structure, field, id=f"{structure.cls.__name__}.{field.name}")
    for structure in STRUCTURES
    for field in structure.fields
]


def test_the_page_is_the_one_that_the_code_makes():
    """Else: `python -m converters.card_page > docs/card.md`."""
    assert PAGE.read_text(encoding="utf-8") == card_page.page()


def test_every_part_of_a_card_has_its_section():
    """Those in lists, tables and behind `unset` too."""
    names = {structure.cls.__name__ for structure in STRUCTURES}
    assert names == {
        "Alignment", "Card", "Confusion", "Crop", "Detector", "Estimator", "Input", "Licence",
        "Output", "Prior", "SecondLook", "Source",
    }  # fmt: skip


@pytest.mark.parametrize(("structure", "field"), KEYS)
def test_every_key_says_what_it_means_with_an_example_that_would_be_taken(structure, field):
    """Keys that hold a part of the card have that part's examples."""
    said = card_page.described(field.type)
    assert said["description"].endswith(".")
    holds_a_part = "](#" in card_page.words(field.type)
    assert holds_a_part or field.name == "evidence" or said["examples"]
    kind = get_type_hints(structure.cls, include_extras=True)[field.name]
    for example in said.get("examples", []):
        msgspec.convert(example, kind)
