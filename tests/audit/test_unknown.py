"""What an audit makes of what is unknown: sexes nobody could tell, and what is withheld under k."""

from __future__ import annotations

import pytest

from edge.audit.agreement import Verdict
from edge.audit.as_text import as_text
from tests.audit.hours import HOUR, both, split
from tests.audit.support import held, minute, of, tally
from tests.audit.support import told as window
from tests.history.support import untold


def test_those_of_unknown_sex_widen_the_bias_of_either():
    """Both of the device's and the auditor's: ten women may be nine to eleven to the device."""
    found = held(
        tally(split(n, 10, 10, 1) for n in HOUR),
        [both(n, 10, 10, 1) for n in HOUR],
    )
    women = of(found, "female")
    assert (women.tallied, women.unsure, women.told, women.unknown) == (600, 60, 600, 60)
    assert women.bias == (pytest.approx(-0.1), pytest.approx(0.1))
    assert women.verdict is Verdict.NOT_ENOUGH
    assert women.more is None and women.why == "too much is unknown"
    assert found.people.verdict is Verdict.PASSES
    assert "600 to 660" in as_text(found)


def test_what_is_withheld_is_unknown_and_told():
    """Half of the windows are of few people; all of them may have been women, or none."""
    windows = [
        untold(window(n, 4, folding="rounding:5")) if n % 2 else both(n, 5, 5, folding="rounding:5")
        for n in HOUR
    ]
    found = held(tally(split(n, *((2, 2) if n % 2 else (5, 5))) for n in HOUR), windows)
    women = of(found, "female")
    assert (women.told, women.unknown) == (150, 120)
    assert women.verdict is Verdict.NOT_ENOUGH and women.more is None
    assert found.people.verdict is Verdict.PASSES
    text = as_text(found)
    assert "120 of the device's 420 people came in windows that tell only how many" in text
    assert "rounded under k = 5" in text
    assert "longer windows" in text


def test_a_tally_under_k_compares_people_alone_and_says_so():
    bins = [minute(n, {"people": 10}) for n in HOUR]
    found = held(tally(bins, k=5), [both(n, 5, 5, folding="rounding:5") for n in HOUR])
    assert [each.key for each in found.agreements] == ["people"]
    assert any("only people can be compared" in note for note in found.notes)
