"""Figures of persons: groups, what is told and what is not, and what chance leaves of them."""

from __future__ import annotations

import pytest

from benchmarks.persons import COLUMNS, Person, figures, table
from converters.labels import BANDS, Label
from edge.share import wilson


def person(*, female=True, band="20-29", said=True, age=25.0, group="", years=None):
    """Somebody, and what was told of them."""
    label = Label("x.jpg", BANDS.index(band), female, group, years)
    return Person(label, said, age, 3)


def group(people, name="overall"):
    """A group's figures by the names of the columns."""
    return dict(zip(COLUMNS, figures(people)[name], strict=True))


def test_everybody_is_in_the_groups_of_band_sex_and_looks():
    """Groups of nobody are left out."""
    people = [person(), person(female=False, band="3-9", said=None, group="A")]
    found = figures(people)
    assert {name: row[0] for name, row in found.items()} == {
        "overall": 2, "adults": 1, "female": 1, "male": 1, "female adults": 1,
        "3-9": 1, "20-29": 1, "A": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("people", "told", "right"),
    [
        ([person()] * 9 + [person(said=False)], 10, 0.9),
        ([person()] * 9 + [person(said=None)], 9, 1.0),
        ([person(female=False, said=False)] * 3, 3, 1.0),
    ],
)
def test_a_sex_that_is_not_told_is_neither_right_nor_wrong(people, told, right):
    """Its share is told beside, and the interval is Wilson's of those that are told one."""
    found = group(people)
    assert (found["sex_told"], found["sex_right"]) == (told, right)
    ends = found["sex_right_low"], found["sex_right_high"]
    assert ends == pytest.approx(wilson(round(right * told), told), abs=1e-3)


def test_years_are_held_against_the_label_s_with_the_interval_of_the_bootstrap():
    """Against the middle of a band where no more is known; the same every time."""
    people = [person(age=25.0 + off, years=25.0) for off in (-2, -1, 0, 1, 7)] * 20
    found = group(people)
    assert found["years_off"] == 2.2 and found["bias_years"] == 1.0
    assert 1.6 < found["years_off_low"] < 2.2 < found["years_off_high"] < 2.8
    assert found == group(people)


def test_nobody_told_leaves_no_figure():
    """Neither a share of none nor a mean of none."""
    found = figures([person(said=None, age=None)])
    nothing = [None] * 3
    assert found["overall"] == [1, 0, *nothing, 0, *nothing, None]
    assert "–" in table(found)
