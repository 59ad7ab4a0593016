"""Tables of people by gender and age: drawn at random, and small ones listed whole."""

from __future__ import annotations

from collections.abc import Iterable

import hypothesis.strategies as st

from edge.messages.bands import AGES, COARSE_BANDS, GENDERS, UNKNOWN
from edge.privacy.fold import Cell

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
