"""The threshold k for zones and lines: nor do they, beside the table or each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edge.privacy.fold import line, lines, settle, zone
from tests.people.attack import Raw, Scripted, attack, cells_and_inside, outcomes, tables
from tests.people.tables import SHAPES


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
