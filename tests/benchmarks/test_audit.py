"""The tables of docs/audit.md are those that the benchmark prints."""

from __future__ import annotations

import numpy as np

from benchmarks.audit import SCENES, needed, rates, table
from edge.audit.agreement import Rule
from tests.shared import ROOT

PAGE = (ROOT / "docs" / "audit.md").read_text()


def rows_of(first):
    """The cells of the page's table whose head begins so."""
    lines = PAGE[PAGE.index(f"| {first} ") :].split("\n\n")[0].splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line
    ]


def test_the_numbers_of_people_are_those_that_are_printed():
    assert rows_of("margin") == list(needed(Rule().error))


def test_the_rates_are_of_the_scenes_that_are_simulated():
    """With few audits: the scenes, and that no rate of the page is far from what is claimed."""
    page, printed = rows_of("people come"), list(table(Rule(), 1, seed=0))
    assert page[0] == printed[0]
    assert [row[:4] for row in page] == [row[:4] for row in printed]
    assert len(page) == len(SCENES) + 1
    assert all(float(cell.rstrip("%")) < 7 for row in page[1:] for cell in row[4:6])


def test_the_same_seed_gives_the_same_rates():
    one, other = (rates(SCENES[2], 0.05, Rule(), 20, np.random.default_rng(1)) for _ in range(2))
    assert one == other
