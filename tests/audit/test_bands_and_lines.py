"""Ages are compared band by band, lines way by way, where both sides have the same."""

from __future__ import annotations

from edge.audit.agreement import Verdict
from edge.messages.bands import AGES, COARSE_BANDS, TOLD_GENDERS, cell_key
from tests.audit.hours import HOUR, split
from tests.audit.support import held, minute, of, tally
from tests.audit.support import told as window


def test_bands_are_compared_where_both_have_the_same():
    bins = [split(n, 10, 0, age_25_34=9, age_unknown=1) for n in HOUR]
    found = held(tally(bins, bands="fine"), [window(n, 10) for n in HOUR])
    band = of(found, "age_25_34")
    assert (band.tallied, band.unsure, band.told) == (540, 60, 600)
    assert of(found, "age_65_plus").verdict is Verdict.NOT_ENOUGH
    assert of(found, "age_65_plus").why == "nobody was tallied"


def test_other_bands_are_not_compared():
    """The device counts coarse ones, the auditor fine ones."""
    bins = [split(n, 10, 0, age_25_34=10) for n in HOUR]
    coarse = {"bands": "coarse", "age_25_34": None, "female_25_34": None}
    none = {f"age_{age}": None for age in AGES if age != "unknown"}
    none |= {cell_key(g, age): None for g in TOLD_GENDERS for age in AGES if age != "unknown"}
    zero = {f"age_{band}": 0 for band in COARSE_BANDS}
    zero |= {cell_key(g, band): 0 for g in TOLD_GENDERS for band in COARSE_BANDS}
    windows = [
        window(n, 10, **(none | zero | coarse | {"age_adult": 10, "female_adult": 10}))
        for n in HOUR
    ]
    found = held(tally(bins, bands="fine"), windows)
    assert found.people.verdict is Verdict.PASSES
    assert of(found, "age_25_34").bins == 0


def crossing(number, into, out, **more):
    places = {"line_door_in": into, "line_door_out": out}
    return window(number, 10, places=places, **more)


def test_lines_are_compared_by_their_ways():
    bins = [minute(n, {"people": 10, "female": 10, "line_door_in": 10, "line_door_out": 5})
            for n in HOUR]  # fmt: skip
    found = held(tally(bins, lines=("door",)), [crossing(n, 10, 2) for n in HOUR])
    assert of(found, "line_door_in").verdict is Verdict.PASSES
    assert of(found, "line_door_out").verdict is Verdict.FAILS
    assert any("crossings are missed" in each for each in found.advice)


def test_a_line_the_wrong_way_round_is_recognised():
    bins = [minute(n, {"people": 10, "female": 10, "line_door_in": 10, "line_door_out": 2})
            for n in HOUR]  # fmt: skip
    found = held(tally(bins, lines=("door",)), [crossing(n, 2, 10) for n in HOUR])
    assert any("exchange its start and end" in each for each in found.advice)


def test_lines_that_are_folded_are_not_compared_and_it_is_told():
    """A told 0 may be up to k − 1."""
    bins = [minute(n, {"people": 10, "female": 10, "line_door_in": 4}) for n in HOUR]
    found = held(
        tally(bins, lines=("door",)), [crossing(n, 0, 0, folding="rounding:5") for n in HOUR]
    )
    assert of(found, "line_door_in").bins == 0
    assert of(found, "line_door_in").verdict is Verdict.NOT_ENOUGH
    assert any("lines are compared in 0 of 60" in note for note in found.notes)
