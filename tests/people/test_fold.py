"""The threshold k: no message, by whatever argument, shows a group of 1 … k − 1 people."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.messages.bands import AGE_BANDS, AGES, COARSE_BANDS, GENDERS, UNKNOWN, bands_apart
from edge.privacy import fold
from edge.privacy.fold import Cell, line, lines, secret_coin, settle, zone
from tests.people.attack import Raw, Scripted, attack, cells_and_inside, outcomes, tables

Cells = dict[Cell, int]
CELL = st.tuples(st.sampled_from(GENDERS), st.sampled_from(AGES))
CROWD: st.SearchStrategy[Cells] = st.dictionaries(CELL, st.integers(0, 12), max_size=27)
K = st.integers(1, 10)


def shape(genders: Iterable[str], ages: Iterable[str]) -> list[Cell]:
    return [(gender, age) for gender in genders for age in ages]


SHAPES = {
    "2x2": shape(GENDERS[:2], AGES[:2]),
    "2x3": shape(GENDERS[:2], AGES[:3]),
    "2x4": shape(GENDERS[:2], AGES[:4]),
    "3x3": shape(GENDERS, (*AGES[:2], UNKNOWN)),
    "coarse": shape(GENDERS[:2], COARSE_BANDS),
}
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


@pytest.mark.parametrize(
    ("count", "people", "told"),
    [(0, 9, None), (9, 9, None), (0, 10, 0), (4, 10, 0), (5, 10, 5), (6, 10, 10), (10, 10, 10),
     (4, 20, 0), (5, 20, 5), (15, 20, 15), (16, 20, 20)],
)  # fmt: skip
def test_a_zone_tells_nobody_all_or_enough_on_either_side(count, people, told):
    """From twice k people on; whether it is told hangs on the people alone."""
    assert zone(count, people, 5) == told
    assert zone(count, people, 1) == count


@given(st.integers(2, 9), st.integers(0, 60), st.data())
def test_zones_keep_their_order_and_their_complements(k: int, people: int, data):
    """Nested zones stay nested, and a zone and the rest of the frame still make everybody."""
    inner = data.draw(st.integers(0, people))
    outer = data.draw(st.integers(inner, people))
    told = [zone(count, people, k) for count in (inner, outer, people - inner)]
    if None in told:
        assert told == [None] * 3
        return
    assert told[0] <= told[1]
    assert told[0] + told[2] == people
    assert all(count == 0 or count >= k for count in (*told, people - told[0]))


@pytest.mark.parametrize(
    ("crossings", "people", "told"), [(4, 9, 0), (5, 9, 5), (30, 4, 0), (30, 5, 30), (0, 0, 0)]
)
def test_a_line_tells_many_crossings_by_enough_people(crossings, people, told):
    """One person may cross it often."""
    assert line(crossings, people, 5) == told


WAYS = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3))
"""How often somebody goes in and out who does not go in twice without going out between."""


def shown_by_lines(told: Callable, k: int, people: int) -> set[tuple[int, int]]:
    """Told pairs of which every world has 1 … k − 1 people who went in, or out, for good."""
    found: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for raw in tables(people, len(WAYS)):
        ins, outs = (sum(n * way[i] for n, way in zip(raw, WAYS, strict=True)) for i in (0, 1))
        gone = tuple(sum(n for n, way in zip(raw, WAYS, strict=True) if way[i] > way[1 - i])
                     for i in (0, 1))  # fmt: skip
        for message in outcomes(lambda _raw, coin: told(ins, outs, people, k, coin), raw):  # noqa: B023
            found.setdefault(message, set()).add(gone)
    few, most = range(1, k), people + 1  # beyond, the walkers' turns above would not do
    return {message for message, worlds in found.items() if max(message) <= most
            and any(all(gone[i] in few for gone in worlds) for i in (0, 1))}  # fmt: skip


@pytest.mark.parametrize("k", [2, 3, 4])
def test_both_ways_of_a_line_together_show_no_few_who_went_in(k: int):
    """11 in and 10 out by 10 people, at k = 10, would be one to nine who stayed inside."""

    def apart(ins: int, outs: int, people: int, k: int, _coin: Scripted):
        return line(ins, people, k), line(outs, people, k)

    for people in range(k, 2 * k + 1):
        assert shown_by_lines(lines, k, people) == set()
    assert shown_by_lines(apart, k, k), "told each by itself they do: the reader can find it"


@given(st.integers(2, 9), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_the_ways_of_a_line_are_right_on_average(k: int, people: int, ins: int, outs: int):
    """Their difference, over every fall of the coin; and with one way alone, or k = 1, exactly."""
    assert lines(ins, outs, people, 1) == (line(ins, people, 1), line(outs, people, 1))
    told = line(ins, people, k), line(outs, people, k)
    chance: list[Fraction] = []

    def falls(fell: bool) -> int:
        def coin(a: int, b: int) -> bool:
            chance.append(Fraction(a, b))
            return fell

        one, other = lines(ins, outs, people, k, coin)
        return one - other

    won, lost = falls(True), falls(False)
    odds = chance[0] if chance else Fraction(1)
    assert odds * won + (1 - odds) * lost == told[0] - told[1]


ZONED = [(cell, inside) for cell in SHAPES["2x2"][:3] for inside in (False, True)]


def zoned(k: int):
    """Table and zone told together, of people who are in a cell and in the zone or not."""

    def told(raw: Raw, coin: Scripted):
        table, inside = cells_and_inside(ZONED, raw)
        safe = settle(table, k, coin)
        if safe is None:
            return sum(raw)
        return tuple(sorted(safe.items())), zone(inside, sum(raw), k)

    return told


@pytest.mark.parametrize(("k", "sizes"), [(2, range(1, 8)), (3, range(5, 8))])
def test_table_and_zone_together_show_no_group_of_few(k: int, sizes: Iterable[int]):
    """Nobody's cell is told by the zone, nor the zone's few by a cell, nor what is left of both."""
    for people in sizes:
        found = attack(zoned(k), len(ZONED), people, k)
        assert found.betraying == 0, found.example


@pytest.mark.parametrize(("k", "sizes"), [(2, range(1, 12)), (3, range(5, 14))])
def test_two_zones_together_show_no_group_of_few(k: int, sizes: Iterable[int]):
    """People may be in both, in one or in none, and nothing is known of how zones lie."""

    def told(raw: Raw, coin: Scripted):
        _, a, b, both = raw
        people = sum(raw)
        return people, zone(a + both, people, k), zone(b + both, people, k)

    for people in sizes:
        found = attack(told, 4, people, k)
        assert found.betraying == 0, found.example


def test_what_lies_in_a_zone_but_not_in_one_within_it_is_not_covered():
    """Why zones that overlap get a warning while k is above 1."""

    def nested(raw: Raw, coin: Scripted):
        inner, ring, outside = raw
        people = inner + ring + outside
        return people, zone(inner, people, 3), zone(inner + ring, people, 3)

    assert any(attack(nested, 3, people, 3).betraying for people in range(6, 12))


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
