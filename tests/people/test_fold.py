"""The threshold k: no told table, by whatever argument, shows a group of 1 … k − 1 people."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.messages.bands import AGE_BANDS, AGES, GENDERS, UNKNOWN, bands_apart
from edge.privacy import fold
from edge.privacy.fold import Cell, secret_coin, settle
from tests.people.attack import Raw, Scripted, attack, outcomes, tables
from tests.people.tables import CROWD, SHAPES, Cells, K

QUICK = [
    ("2x2", 2, range(1, 8)),
    ("2x2", 3, range(2, 11)),
    ("2x2", 5, range(4, 13)),
    ("2x3", 3, range(2, 8)),
    ("3x3", 3, range(2, 6)),
]

LARGE = [
    ("2x2", 5, range(13, 19)),
    ("2x3", 3, range(8, 10)),
    ("2x3", 5, range(4, 12)),
    ("2x4", 3, range(2, 8)),
    ("coarse", 4, range(3, 8)),
    ("3x3", 3, range(6, 8)),
    ("3x3", 5, range(4, 8)),
]


def told_table(cells: list[Cell], k: int):
    """The whole told table: whatever else is told of cells is computed from it."""

    def told(raw: Raw, coin: Scripted):
        table = settle(dict(zip(cells, raw, strict=True)), k, coin)
        return None if table is None else tuple(table.get(cell, 0) for cell in cells)

    return told


def withholding(cells: list[Cell], k: int):
    """Small cells told as 0, the rest as it is: what the reader must be able to undo."""

    def told(raw: Raw, coin: Scripted):
        return sum(raw), tuple(count if count >= k else 0 for count in raw)

    return told


def assert_safe(name: str, k: int, sizes: Iterable[int]) -> int:
    cells, messages = SHAPES[name], 0
    for people in sizes:
        found = attack(told_table(cells, k), len(cells), people, k)
        assert found.betraying == 0, found.example
        messages += found.messages
    print(f"\n{name}, k = {k}, {list(sizes)} people: 0 of {messages} messages betray")
    return messages


@pytest.mark.parametrize(("name", "k", "sizes"), QUICK)
def test_no_message_shows_a_group_of_few(name: str, k: int, sizes: Iterable[int]):
    """No cell, total, complement nor any other union of cells, to a reader who knows all."""
    assert assert_safe(name, k, sizes) > 0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "k", "sizes"), LARGE)
def test_no_message_of_a_larger_table_shows_a_group_of_few(name, k, sizes):
    """The same for larger tables and more people."""
    assert assert_safe(name, k, sizes) > 0


def test_the_reader_undoes_withholding():
    """So that the test above can fail: small cells withheld are told by the rest of the people."""
    cells = SHAPES["2x2"]
    assert attack(withholding(cells, 3), len(cells), 5, 3).betraying > 0


def test_the_reader_undoes_subtraction():
    """Totals told exactly beside the cells of enough people: female 6, male 10, … − 5 = 1."""
    cells = SHAPES["2x2"]

    def subtracting(raw: Raw, coin: Scripted):
        rows, columns = (raw[0] + raw[1], raw[2] + raw[3]), (raw[0] + raw[2], raw[1] + raw[3])
        return rows, columns, tuple(count if count >= 5 else 0 for count in raw)

    assert attack(subtracting, len(cells), 16, 5).betraying > 0


@given(CROWD, K)
def test_a_told_table_is_safe_and_keeps_the_people(raw: Cells, k: int):
    """Every cell holds nobody or at least k; a table that was safe stays as it was."""
    table = settle(raw, k)
    people = sum(raw.values())
    if table is None:
        assert people < k
        return
    assert sum(table.values()) == people
    assert all(count >= k for count in table.values())
    assert settle(table, k) == table


@given(CROWD)
def test_a_threshold_of_one_tells_everything(raw: Cells):
    """The default for a home: nothing is rounded, and nobody is a table too."""
    assert settle(raw, 1) == {cell: count for cell, count in raw.items() if count}


def test_of_fewer_than_k_nothing_is_told():
    """But their number, which is not the table's to tell."""
    assert settle({("female", "25_34"): 4}, 5) is None
    assert settle({}, 2) is None


def odds(raw: Cells, k: int) -> dict[tuple, Fraction]:
    """Every told table with its probability."""
    found: Counter = Counter()

    class Weighed(Scripted):
        share = Fraction(1)

        def __call__(self, a: int, b: int) -> bool:
            fell = super().__call__(a, b)
            self.share *= Fraction(a, b) if fell else 1 - Fraction(a, b)
            return fell

    waiting: list[list[bool]] = [[]]
    while waiting:
        written = waiting.pop()
        coin = Weighed(list(written))
        table = settle(raw, k, coin) or {}
        found[tuple(sorted(table.items()))] += coin.share
        waiting += [[*coin.falls[:i], False] for i in range(len(written), len(coin.falls))]
    return found


@pytest.mark.parametrize("k", [3, 5])
def test_rounding_is_right_on_average(k: int):
    """Each cell's expectation is its count: sums of many windows are not drawn anywhere."""
    random = Random(5)
    for _ in range(40):
        raw = {cell: random.randrange(0, 5) for cell in SHAPES["2x3"]}
        if sum(raw.values()) < k:
            continue
        told = odds(raw, k)
        assert sum(told.values()) == 1
        for cell, count in raw.items():
            assert sum(dict(table).get(cell, 0) * share for table, share in told.items()) == count


def test_a_gender_of_enough_people_is_told_exactly():
    """People change band before they change gender."""
    raw = {("female", "0_12"): 3, ("female", "25_34"): 4, ("male", "35_44"): 6}
    for table, _ in odds(raw, 5).items():
        assert fold.by_gender(dict(table)) == {"female": 7, "male": 6}


def test_people_go_to_the_nearest_band_and_large_cells_stay():
    """A cell under k is rounded with the nearest other under k, if there is one."""
    raw = {("male", "0_12"): 2, ("male", "13_17"): 9, ("male", "18_24"): 3, ("male", "65_plus"): 5}
    told = [dict(table) for table in odds(raw, 5)]
    assert len(told) == 2
    kept = {("male", "13_17"): 9, ("male", "65_plus"): 5}
    assert {("male", "0_12"): 5, **kept} in told
    assert {("male", "18_24"): 5, **kept} in told
    assert bands_apart("0_12", "18_24") == 2
    assert bands_apart("child", "senior") == 3
    assert bands_apart("65_plus", UNKNOWN) > bands_apart("0_12", "65_plus")


def test_the_coin_is_the_kernels(monkeypatch: pytest.MonkeyPatch):
    """Whoever could guess it would know better which table was the likely one."""
    asked = []
    monkeypatch.setattr(secrets, "randbelow", lambda b: asked.append(b) or 0)
    assert secret_coin(1, 7)
    settle({("female", "0_12"): 1, ("male", "0_12"): 7}, 5)
    assert asked


def test_the_secret_coin_is_fair():
    """Over 6,000 tosses it is within five standard deviations of 1 : 2."""
    falls = sum(secret_coin(1, 3) for _ in range(6000))
    assert abs(falls - 2000) < 5 * (6000 * 1 / 3 * 2 / 3) ** 0.5


@given(st.integers(2, 4), st.integers(0, 5))
def test_the_reader_walks_every_table_once(classes: int, people: int):
    """The attack's own check: as many tables as there are ways to share people out."""
    listed = list(tables(people, classes))
    assert len(listed) == len(set(listed)) == math.comb(people + classes - 1, classes - 1)
    assert all(sum(raw) == people for raw in listed)


def test_the_reader_walks_every_fall_of_the_coin():
    """Two tosses, the second of which hangs on the first, have three ends."""

    def told(raw: Raw, coin: Scripted):
        return coin(1, 2) and (coin(1, 3), coin(0, 3), coin(3, 3))

    assert outcomes(told, ()) == {False, (True, False, True), (False, False, True)}


def test_every_band_has_a_name():
    """The cells that the fold knows are those of the messages."""
    assert set(AGES) == {*AGE_BANDS, UNKNOWN}
    assert set(GENDERS) == {"female", "male", UNKNOWN}
