"""How right the estimates are, as the instructions tell it: of crops, of persons, of sums."""

from __future__ import annotations

import msgspec
import pytest

from edge.dossier.instructions import CORRECTED, instructions
from edge.dossier.persons import persons
from edge.notice.facts import facts_of
from tests.notice.configurations import configured


def test_how_right_the_estimates_are_is_told_by_group_with_intervals():
    """As in the card: 33 faces of 70 and more, 32 right, is 85 to 99 of 100."""
    text = instructions(facts_of(configured()))
    assert "| 70+ | 33 | 97 (85–99) | 7.1 (4.9–9.2) | 6.8 years younger |" in text
    assert "| Black | 536 | 85 (82–88) | 5.9 |" in text


PERSONS = {
    "simulated": "each person is a picture.",
    "columns": ["people", "sex_told", "sex_right", "sex_right_low", "sex_right_high",
                "age_told", "years_off", "years_off_low", "years_off_high", "bias_years"],
    "data": {
        "faces.zip": {
            "people": 60, "not_found": 2,
            "groups": {
                "overall": [50, 45, 0.9, 0.82, 0.95, 48, 5.5, 5.1, 5.9, -1.0],
                "<b>": [10, 0, None, None, None, 0, None, None, None, None],
            },
        }
    },
}  # fmt: skip


def with_persons(found):
    """A shipped card with these figures of persons."""
    (card,) = facts_of(configured()).cards
    return msgspec.structs.replace(card, evidence={**card.evidence, "persons": found})


def test_persons_are_told_beside_crops_with_intervals_and_as_simulated():
    """Shares by Wilson, years by the bootstrap; a dash where nothing was measured."""
    text = "\n".join(persons(with_persons(PERSONS)))
    assert "persons instead of crops" in text and "60 found, 2 not" in text
    assert "Simulated: each person is a picture. Nobody walked before a camera" in text
    assert "| all | 50 | 90 (82 to 95) | 90 | 5.5 (5.1 to 5.9) | −1.0 |" in text
    assert r"| \<b\> | 10 | – | 0 | – | – |" in text


ROW = {"groups": {"overall": [1] * 9}}


@pytest.mark.parametrize(
    "found",
    [3, {}, {"data": 5}, {"data": {"a": 5}}, PERSONS | {"columns": 7}, PERSONS | {"data": ROW},
     PERSONS | {"data": {"a": ROW}}, PERSONS | {"data": {"a": {"groups": {"b": ["many"] * 10}}}}],
)  # fmt: skip
def test_persons_of_another_form_are_left_out(found):
    """A card's evidence has none that is prescribed."""
    assert list(persons(with_persons(found))) == []


def test_the_shipped_network_has_figures_of_persons():
    """By `python -m benchmarks.persons`, of the held-out faces and of heads."""
    text = instructions(facts_of(configured()))
    assert text.count("persons instead of crops") == 2
    assert "Nobody walked before a camera for it" in text


@pytest.mark.parametrize(("privacy", "said"), [({}, True), ({"epsilon": 1.0}, False)])
def test_what_corrected_counts_assume_is_said_where_there_are_any(privacy, said):
    """One assumption a line."""
    text = instructions(facts_of(configured(privacy=privacy)))
    for sentence in CORRECTED:
        assert (f"- {sentence}\n" in text) == said
