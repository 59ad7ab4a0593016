"""The verdict of an audit on people and sexes, and what to change."""

from __future__ import annotations

import re
from pathlib import Path

from edge.audit.agreement import Rule, Verdict
from edge.audit.as_text import as_text
from tests.audit.hours import HOUR, both, missed, right, split
from tests.audit.support import held, minute, of, tally
from tests.audit.support import told as window


def test_a_device_that_errs_in_nothing_passes():
    found = held(*right())
    assert [each.verdict for each in found.agreements] == [Verdict.PASSES] * 3
    assert found.advice == []
    assert "passes: people are counted within 5 % of the tally" in as_text(found)


def test_a_device_that_misses_a_fifth_fails_and_is_told_what_to_change():
    found = held(*missed(0.2))
    assert found.people.verdict is Verdict.FAILS
    assert "counts too few people" in as_text(found)
    assert any("aim the camera" in each for each in found.advice)


def test_a_device_that_counts_twice_fails_and_is_told_what_to_change():
    found = held(*missed(-0.0, people=10)[:1], [window(n, 13) for n in HOUR])
    assert found.people.verdict is Verdict.FAILS
    assert any("more than once" in each for each in found.advice)


def test_a_few_minutes_are_not_enough_and_it_is_told_how_many_people_are_lacking():
    found = held(*missed(0.02, range(8), people=5))
    assert found.people.verdict is Verdict.NOT_ENOUGH
    assert found.people.more is not None and found.people.more > 40
    assert f"people: some {found.people.more} more would give a verdict" in as_text(found)


def test_the_margin_is_the_auditor_s():
    """Within 30 % the device that misses a fifth passes."""
    assert held(*missed(0.2), Rule(0.3)).people.verdict is Verdict.PASSES


def test_where_crowds_are_missed_groups_are_named():
    """The busy minutes are short of people, the calm ones are not."""
    people = [3 if n % 2 else 30 for n in HOUR]
    windows = [window(n, min(many, 20)) for n, many in zip(HOUR, people, strict=True)]
    found = held(tally(minute(n, people[n]) for n in HOUR), windows)
    assert any("groups" in each for each in found.advice)
    assert not any("groups" in each for each in held(*missed(0.2)).advice)


def test_sexes_that_are_mistaken_fail_whatever_is_unknown():
    """A tenth of the women are taken for men."""
    found = held(tally(split(n, 20, 20) for n in HOUR), [both(n, 18, 22) for n in HOUR])
    assert of(found, "female").verdict is Verdict.FAILS
    assert of(found, "male").verdict is Verdict.FAILS
    assert found.people.verdict is Verdict.PASSES
    assert any("est_female" in each for each in found.advice)


def test_few_bins_give_no_verdict_however_many_people_they_hold():
    """And it is bins that are lacking, not people."""
    found = held(tally(minute(n, 5_000) for n in range(5)), [window(n, 5_000) for n in range(5)])
    assert found.people.verdict is Verdict.NOT_ENOUGH
    assert found.people.more is None
    assert "people: a verdict takes 6 bins or more" in as_text(found)


def test_a_tally_of_nobody_gives_no_verdict():
    """Whatever the device told, and whether or not it told anything."""
    empty = tally(minute(n) for n in HOUR)
    for windows in ([window(n, 0) for n in HOUR], [window(n, 3) for n in HOUR], []):
        found = held(empty, windows)
        assert found.people.verdict is Verdict.NOT_ENOUGH
        assert "nobody was tallied" in as_text(found)
    assert held(tally(), []).people.verdict is Verdict.NOT_ENOUGH


def test_huge_counts_are_told_whole():
    found = held(tally(minute(n, 1_000_000) for n in HOUR), [window(n, 999_999) for n in HOUR])
    assert found.people.verdict is Verdict.PASSES
    assert "60000000" in as_text(found)


def test_every_page_that_advice_names_is_there():
    """And the keys of the configuration too."""
    root = Path(__file__).parents[2]
    text = (root / "edge" / "audit" / "advice.py").read_text()
    pages = set(re.findall(r"docs/\w+\.md", text))
    assert len(pages) >= 3
    assert all((root / page).exists() for page in pages)
