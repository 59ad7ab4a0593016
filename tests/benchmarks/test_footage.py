"""Counts held against known people, and against the committed figures."""

from __future__ import annotations

import json
from types import SimpleNamespace

import msgspec
import pytest

from benchmarks.footage import __main__ as program
from benchmarks.footage import reference
from benchmarks.footage.page import in_markdown
from benchmarks.footage.score import Row, row, totals
from benchmarks.footage.truth import SEEN, Ages, FootageError, Truth, read
from tests.shared import ROOT, SHARED

FOOTAGE = SHARED / "data" / "footage"
footage = pytest.mark.skipif(
    not (FOOTAGE / "truth.json").exists(), reason="no footage in ../shared/data/footage"
)


def played(*visits, not_faces=0):
    """What a clip gave; each visit as (female or None, years or None)."""
    seen = [SimpleNamespace(female=female, age_years=years) for female, years in visits]
    return SimpleNamespace(
        visits=seen, not_faces=not_faces, frames=10, looks=5, estimates=2, seconds=1.0
    )


def rows_of(**people):
    """Rows of clips that hold one woman, by the number counted."""
    truth = Truth(women=1, men=0, unsure=0)
    return [row(name, truth, played(*[(True, 30.0)] * n)) for name, n in people.items()]


@pytest.mark.parametrize(
    ("truth", "people", "wrong"),
    [
        ((0, 0), 0, (0, 0, 0)),
        ((0, 0), 2, (2, 0, 2)),
        ((3, 0), 3, (0, 0, 0)),
        ((3, 2), 4, (0, 0, 0)),
        ((3, 2), 5, (0, 0, 0)),
        ((3, 2), 7, (2, 0, 2)),
        ((3, 2), 1, (2, 2, 0)),
    ],
)
def test_a_count_is_wrong_by_its_distance_from_what_may_be_counted(truth, people, wrong):
    """From the people who must be counted to those who may be too: error, missed, doubled."""
    sure, unsure = truth
    one = row("a", Truth(sure, 0, unsure), played(*[(None, None)] * people))
    assert (one.error, one.missed, one.doubled) == wrong


def test_errors_of_clips_add_up_and_do_not_cancel():
    """One counted twice and one missed are two errors."""
    everything = totals(rows_of(a=2, b=0))[-1]
    assert (everything.people, everything.error) == (2, 2)
    assert (everything.missed, everything.doubled) == (1, 1)


def test_sex_is_held_against_clips_where_it_is_plain():
    """Of a clip of women each man is wrong; where somebody is unsure nothing is asked."""
    seen = played((True, 30.0), (False, 12.0), (None, 70.0))
    plain = row("a", Truth(3, 0, 0), seen)
    assert (plain.sex_asked, plain.sex_told, plain.sex_wrong) == (3, 2, 1)
    assert (plain.age_told, plain.under_18, plain.over_60) == (3, 1, 1)
    unsure = row("a", Truth(2, 0, 1), seen)
    assert (unsure.sex_asked, unsure.sex_told, unsure.sex_wrong) == (0, 0, 0)


@pytest.mark.parametrize(
    ("ages", "unsure", "years", "figures"),
    [
        (None, 0, (10.0, 40.0), (0, 0)),
        (Ages(adult=2), 0, (30.0, 40.0), (2, 0)),
        (Ages(adult=2), 0, (17.9, 60.0), (2, 2)),
        (Ages(adult=2), 1, (17.9, 60.0), (2, 1)),
        (Ages(under_18=1, over_60=1), 0, (18.0, 59.9), (2, 2)),
        (Ages(under_18=1, adult=1), 0, (12.0, 15.0), (2, 0)),
        (Ages(adult=2), 0, (None, 30.0), (1, 0)),
    ],
)
def test_ages_are_held_against_clips_where_they_are_known(ages, unsure, years, figures):
    """What nobody there is, is wrong; of the unsure people each may be anything, and a double is no
    wrong age.
    """
    seen = played(*[(None, each) for each in years])
    one = row("a", Truth(2, 0, unsure, ages=ages), seen)
    assert (one.age_asked, one.age_wrong) == figures


@pytest.mark.parametrize(
    ("given", "ages", "swaps"),
    [
        ({"men": 2}, Ages(adult=2), False),
        ({"men": 1}, None, False),
        ({"men": 2, "swaps": True}, Ages(adult=2), True),
        ({"men": 2, "ages": {"over_60": 2}}, Ages(over_60=2), False),
    ],
)
def test_what_was_seen_of_a_clip_tells_the_ages_that_its_folder_does_not(
    tmp_path, given, ages, swaps
):
    """Where the clip of this name holds as many people; the folder's own truth comes first."""
    (tmp_path / "rknn_walking.mp4").touch()
    truth = {"rknn_walking.mp4": {"women": 0, "unsure": 0, **given}}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (found,) = read(tmp_path).values()
    assert (found.ages, found.swaps) == (ages, swaps)


def test_what_was_seen_is_of_the_clips_of_the_reference():
    """Of every clip that surely holds somebody, and of as many people."""
    held = {one.clip: one.sure for one in reference.read("all")["far 15"] if one.kind and one.sure}
    sums = ("nobody", "one", "several")
    assert {name: seen.ages.people for name, seen in SEEN.items()} == {
        name: sure for name, sure in held.items() if name not in sums
    }


def test_clips_on_which_people_cross_are_named(capsys):
    """A visit that holds two people is seen on its sheet alone."""
    program.print_crossings({"a.mp4": Truth(2, 0, 0, swaps=True), "b.mp4": Truth(1, 0, 0)})
    assert (
        capsys.readouterr().out == "people cross on a.mp4: look at their visits (--sheet FOLDER)\n"
    )
    program.print_crossings({"b.mp4": Truth(1, 0, 0)})
    assert capsys.readouterr().out == ""


def test_what_got_worse_than_the_reference_is_named():
    """By table, sum and figure; better is no complaint."""
    before = {"far 15": [*totals(rows_of(a=2))], "far 5": [*totals(rows_of(a=2))]}
    now = {"far 15": totals(rows_of(a=3)), "far 5": totals(rows_of(a=1))}
    said = list(reference.worse(now, before))
    assert "far 15, all: error was 1 and is 2" in said
    assert not [sentence for sentence in said if sentence.startswith("far 5")]


def test_other_clips_or_tables_than_the_references_are_not_compared():
    """And are said, so that nothing passes unmeasured."""
    before = {"far 15": totals(rows_of(a=1))}
    (said, *_) = reference.worse({"far 15": totals(rows_of(a=1, b=1))}, before)
    assert said == "far 15: 2 clips were measured, the reference has 1"
    (said,) = reference.worse({"near 15": totals(rows_of(a=1))}, before)
    assert said == "near 15: the reference holds no such table"


def test_a_reference_keeps_its_other_tables(tmp_path):
    """One detector can be measured again alone."""
    path = tmp_path / "reference.json"
    reference.write(path, {"far 15": rows_of(a=1), "far 5": rows_of(a=1)})
    reference.write(path, {"far 5": rows_of(a=2)})
    tables = msgspec.json.decode(path.read_bytes(), type=reference.Tables)
    assert [tables[title][0].people for title in ("far 15", "far 5")] == [1, 2]


@pytest.mark.parametrize("name", reference.NAMES)
def test_committed_references_hold_figures_and_names_alone(name):
    """At every rate, with all sums."""
    tables = reference.read(name)
    assert {f"far {fps:g}" for fps in program.FPS} <= set(tables)
    assert all(
        rows[-1].clip == "all" and rows[-1].clips == len(rows) - 5 for rows in tables.values()
    )
    assert all(set(row) <= set(Row.__struct_fields__) for rows in _raw(name) for row in rows)


def _raw(name):
    return json.loads(reference.path_of(name).read_text()).values()


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        (None, "truth.json cannot be read"),
        ("{", "is no JSON"),
        ('{"a.mp4": {"women": "two"}}', "Expected `int`, got `str`"),
        ('{"a.mp4": {"women": 1, "men": 0, "unsure": 0}}', "holds none of the clips"),
        ('{"a.mp4": {"women": -1, "men": 0, "unsure": 0}}', "a.mp4: women, men and unsure are"),
        (
            '{"a.mp4": {"women": 1, "men": 0, "unsure": 2, "ages": {"adult": 2}}}',
            r"a.mp4: ages should be those of all 1 sure people \(women \+ men\)",
        ),
        (
            '{"a.mp4": {"women": 1, "men": 0, "unsure": 0, "ages": {"old": 1}}}',
            "unknown field `old`",
        ),
    ],
)
def test_a_folder_without_truths_is_refused_in_a_sentence(tmp_path, truth, said):
    """Naming the file."""
    if truth is not None:
        (tmp_path / "truth.json").write_text(truth)
    with pytest.raises(FootageError, match=said):
        read(tmp_path)


@footage
def test_a_clip_is_counted_and_its_visits_are_drawn(tmp_path, capsys):
    """One man walks up; the sheet has a row for him."""
    options = ["--clip", "walk.mkv", "--fps", "15", "--jobs", "1"]
    assert program.main([str(FOOTAGE), *options, "--sheet", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["walk.mkv far 15.png"]
    assert "people missed 0, counted too often 0" in capsys.readouterr().out


@footage
def test_an_unknown_clip_is_refused(capsys):
    """With the names there are."""
    assert program.main([str(FOOTAGE), "--clip", "nobody.mkv"]) == 2
    assert "there is no clip nobody.mkv: " in capsys.readouterr().err


@footage
@pytest.mark.slow
@pytest.mark.parametrize("fps", [5, 15])
def test_counts_on_footage_are_no_worse_than_the_reference(fps):
    """All clips that may be passed on."""
    assert program.main([str(FOOTAGE), "--fps", str(fps), "--check", "local"]) == 0


def test_the_guide_opens_with_the_committed_figures():
    """As `--markdown all` prints them."""
    page = (ROOT / "docs" / "counting.md").read_text()
    assert in_markdown(reference.read("all")) in page
