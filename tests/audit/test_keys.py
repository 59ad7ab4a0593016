"""What a key means, by what is tallied; and what is on the screen."""

from __future__ import annotations

import re

import pytest

from edge.tally.keys import Add, Keys, Order
from edge.tally.screen import help_lines, status
from tests.audit.support import tally


def meant(text, **rules):
    return list(Keys(tally(**rules)).meanings(text))


@pytest.mark.parametrize(
    ("key", "gender"), [("w", "female"), ("M", "male"), ("u", "gender_unknown"), ("W", "female")]
)
def test_a_key_is_a_person_of_a_sex(key, gender):
    """Caps Lock changes nothing."""
    assert meant(key) == [Add(("people", gender))]


def test_a_number_before_a_person_is_the_age_band_of_that_one_alone():
    """The next is of unknown age again."""
    assert meant("4wm", bands="fine") == [
        Order.CHOSEN,
        Add(("people", "female", "age_25_34")),
        Add(("people", "male", "age_unknown")),
    ]


def test_undoing_takes_back_a_band_that_waits_before_the_last_person():
    """Whoever pressed a number by mistake loses nobody by it."""
    assert meant("w4zwz", bands="fine") == [
        Add(("people", "female", "age_unknown")),
        Order.CHOSEN,
        Order.CHOSEN,
        Add(("people", "female", "age_unknown")),
        Order.UNDO,
    ]


@pytest.mark.parametrize("key", ["5", "9", "0"])
def test_a_number_beyond_the_bands_means_nothing(key):
    assert meant(key, bands="coarse") == [Order.UNKNOWN]


def test_crossings_are_of_the_line_that_was_chosen():
    """In the order of the configuration, round and round."""
    assert meant("iloli", lines=("door", "till")) == [
        Add(("line_door_in",)),
        Order.CHOSEN,
        Add(("line_till_out",)),
        Order.CHOSEN,
        Add(("line_door_in",)),
    ]


@pytest.mark.parametrize("key", ["i", "o", "l", "1", "p", "x", "é"])
def test_what_is_not_tallied_has_no_key(key):
    assert meant(key) == [Order.UNKNOWN]


@pytest.mark.parametrize("key", list("wmup"))
def test_with_k_above_1_every_person_is_only_a_person(key):
    """Whatever the fingers are used to."""
    assert meant(key, k=5, lines=("door",)) == [Add(("people",))]


@pytest.mark.parametrize("key", list("io1"))
def test_with_k_above_1_there_are_neither_lines_nor_ages(key):
    assert meant(key, k=5, lines=("door",), bands="fine") == [Order.UNKNOWN]


@pytest.mark.parametrize(
    "sent", ["\x1b[A", "\x1b[1;5C", "\x1bOm", "\x1b[200~", " \t\r\n"], ids=repr
)
def test_cursor_keys_and_blanks_are_no_people(sent):
    """The keypad's minus ends in an m; what follows counts again."""
    assert meant(f"{sent}w") == [Add(("people", "female"))]


def test_a_sequence_that_comes_in_two_pieces_is_passed_over_too():
    keys = Keys(tally())
    assert [*keys.meanings("\x1bO"), *keys.meanings("mw")] == [Add(("people", "female"))]


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("rules", [{}, {"k": 5}, {"bands": "fine", "lines": ("door", "till")}])
def test_all_keys_are_told_in_forty_columns(rules, columns):
    """None of them is cut."""
    lines = help_lines(tally(**rules), columns)
    assert max(map(len, lines)) < columns
    text = " ".join(lines)
    assert "undo" in text and "end" in text
    assert ("8 65+" in text) == ("bands" in rules)
    assert not any(re.search(r"(^| )\d$", line) for line in lines), "a key stands apart"


def test_the_status_tells_the_bin_and_all():
    keys = Keys(tally(lines=("door",)))
    counts = {"people": 3, "female": 2, "male": 1, "line_door_in": 4}
    told = status(keys, counts, "14:02", 37, "")
    assert told == "14:02 all 37: w2 m1 u0 i4 o0 door"
    assert (
        status(Keys(tally(k=5)), {"people": 3}, "14:02", 37, "undone") == "undone 14:02 all 37: p3"
    )


def test_a_chosen_band_is_shown_until_it_is_used():
    keys = Keys(tally(bands="fine"))
    assert list(keys.meanings("4")) == [Order.CHOSEN]
    assert status(keys, {}, "14:02", 0, "").startswith("[25–34] ")
    list(keys.meanings("w"))
    assert "25" not in status(keys, {}, "14:02", 0, "")
