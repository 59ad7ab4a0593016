"""The k-threshold: what is told of few, and what can be had by subtraction."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from edge.bands import AGE_BANDS, AGES, GENDERS
from edge.fold import UNKNOWN, Folded, fold

Cells = dict[tuple[str, str], int]
CELL = st.tuples(st.sampled_from(GENDERS), st.sampled_from(AGES))
CROWD: st.SearchStrategy[Cells] = st.dictionaries(CELL, st.integers(0, 12), max_size=27)
K = st.integers(1, 10)
FEW = "25_34", "35_44"


def test_a_threshold_of_one_tells_everything():
    """The default for a home: nothing is folded."""
    raw = {("female", "25_34"): 1, ("unknown", "35_44"): 1, ("male", UNKNOWN): 1}
    assert fold(raw, 1) == Folded(
        genders={"female": 1, "male": 1, UNKNOWN: 1},
        ages={"25_34": 1, "35_44": 1, UNKNOWN: 1},
        cells={("female", "25_34"): 1},
        suppressed=0,
    )


@pytest.mark.parametrize(
    ("raw", "k", "genders", "ages", "cells", "suppressed"),
    [
        pytest.param(
            {("female", "25_34"): 3, ("male", "25_34"): 3, ("female", "35_44"): 3,
             ("male", "35_44"): 3},
            5,
            {"female": 6, "male": 6},
            {"25_34": 6, "35_44": 6},
            {},
            12,
            id="small cells keep their gender and their band",
        ),
        pytest.param(
            {("female", "25_34"): 2, ("male", "35_44"): 1},
            5,
            {UNKNOWN: 3},
            {UNKNOWN: 3},
            {},
            3,
            id="too few for anything are people only",
        ),
        pytest.param(
            {("female", "25_34"): 9, ("male", "25_34"): 2},
            5,
            {UNKNOWN: 11},
            {"25_34": 11},
            {},
            11,
            id="two men beside nine women would be told by subtraction",
        ),
        pytest.param(
            {("female", "25_34"): 6, ("male", "25_34"): 5, ("female", "35_44"): 5},
            5,
            {"female": 11, "male": 5},
            {"25_34": 11, "35_44": 5},
            {("female", "25_34"): 6, ("male", "25_34"): 5, ("female", "35_44"): 5},
            0,
            id="enough of everything",
        ),
        pytest.param(
            {("female", "25_34"): 6, ("unknown", "25_34"): 1, ("male", UNKNOWN): 6},
            5,
            {"female": 6, "male": 6, UNKNOWN: 1},
            {"25_34": 7, UNKNOWN: 6},
            {("female", "25_34"): 6},
            0,
            id="people of whom nothing was known fold nobody else",
        ),
        pytest.param(
            {("female", "25_34"): 8, ("female", "35_44"): 2, ("male", "35_44"): 6},
            5,
            {"female": 10, "male": 6},
            {"25_34": 8, "35_44": 8},
            {},
            16,
            id="a withheld cell takes its neighbours along until nothing can be subtracted",
        ),
    ],
)  # fmt: skip
def test_detail_of_few_is_folded(raw, k, *, genders, ages, cells, suppressed):
    """Cell → its gender and its band → people only."""
    folded = fold(raw, k)
    assert (dict(folded.genders), dict(folded.ages)) == (genders, ages)
    assert (dict(folded.cells), folded.suppressed) == (cells, suppressed)


@given(CROWD, K)
def test_people_are_kept_and_add_up(raw: Cells, k: int):
    """people = women + men + unknown = the sum over ages, before and after."""
    folded = fold(raw, k)
    people = sum(raw.values())
    assert folded.people == sum(folded.genders.values()) == sum(folded.ages.values()) == people
    assert 0 <= folded.suppressed <= people


@given(CROWD, K)
def test_folding_never_tells_more_than_was_counted(raw: Cells, k: int):
    """A told gender, band or cell has exactly its people; only "unknown" grows."""
    folded = fold(raw, k)
    for gender in folded.genders.keys() - {UNKNOWN}:
        assert folded.genders[gender] == sum(n for (g, _), n in raw.items() if g == gender)
    for age in folded.ages.keys() - {UNKNOWN}:
        assert folded.ages[age] == sum(n for (_, a), n in raw.items() if a == age)
    assert all(raw[cell] == count for cell, count in folded.cells.items())


@given(CROWD, K)
def test_nothing_is_told_of_fewer_than_k(raw: Cells, k: int):
    """No gender, no band and no cell that is told has fewer than k people."""
    folded = fold(raw, k)
    told = [n for key, n in {**folded.genders, **folded.ages}.items() if key != UNKNOWN]
    assert all(count >= k for count in [*told, *folded.cells.values()])


@given(CROWD, K)
def test_subtraction_tells_nothing_of_fewer_than_k(raw: Cells, k: int):
    """Whoever is withheld is none, at least k, or everybody with that attribute.

    So it is for a total less what is told of it, even for somebody who knows of whom the
    network could not tell.
    """
    folded = fold(raw, k)
    known = {cell: n for cell, n in raw.items() if UNKNOWN not in cell}
    for side, totals in ((0, folded.genders), (1, folded.ages)):
        could = _sums(raw, side)
        hidden = totals.get(UNKNOWN, 0) - could.pop(UNKNOWN, 0)
        assert hidden == 0 or hidden >= k or hidden == sum(could.values())
        for key in totals.keys() - {UNKNOWN}:
            withheld = _sums(known, side).get(key, 0) - _sums(folded.cells, side).get(key, 0)
            alone = not _sums(folded.cells, side).get(key, 0)
            assert withheld == 0 or withheld >= k or alone


@settings(max_examples=300)
@given(CROWD, K)
def test_no_withheld_cell_of_few_can_be_computed(raw: Cells, k: int):
    """The best anybody can derive from all numbers together (Fréchet's bounds) is a range.

    The withheld cells are a table of which only the row and column sums are known; a cell of it
    lies between max(0, row + column − all) and min(row, column), and every value between occurs.
    Where they meet the cell is told: then it is nobody's, or at least k people's.
    """
    folded = fold(raw, k)
    rows = _remainders(folded.genders, folded.cells, 0)
    columns = _remainders(folded.ages, folded.cells, 1)
    everyone = sum(rows.values())
    for gender, age in itertools.product(rows.keys() - {UNKNOWN}, columns.keys() - {UNKNOWN}):
        least = max(0, rows[gender] + columns[age] - everyone)
        most = min(rows[gender], columns[age])
        assert least < most or most == 0 or least >= k


def _remainders(totals: Mapping[str, int], cells: Mapping, side: int) -> dict[str, int]:
    told = _sums(cells, side)
    return {key: total - told.get(key, 0) for key, total in totals.items()}


def _sums(cells: Mapping, side: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for cell, count in cells.items():
        sums[cell[side]] = sums.get(cell[side], 0) + count
    return sums


def test_every_band_has_a_name():
    """The cells that the fold knows are those of the messages."""
    assert set(AGES) == {*AGE_BANDS, UNKNOWN}
    assert set(GENDERS) == {"female", "male", UNKNOWN}
