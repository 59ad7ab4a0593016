"""What an audit tells: agreement by sex, band and line, what is unknown, what to change."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from random import Random

import pytest

from edge.audit.agreement import Rule, Verdict
from edge.audit.as_json import as_json
from edge.audit.as_text import as_text
from edge.audit.build import audit
from edge.cli import main
from edge.errors import ConfigError
from edge.history.history import FILE_NAME
from edge.messages.bands import AGES, COARSE_BANDS, TOLD_GENDERS, cell_key
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox
from edge.tally import file
from tests.audit.support import held, minute, names_in, of, recorded, tally
from tests.audit.support import told as window
from tests.history.support import config, kept, untold, waiting

HOUR = range(60)


def both(number, women, men, unknown=0, **more):
    """The device's window of a minute, with women and men of 25–34, and some of unknown sex."""
    cells = {"female": women, "female_25_34": women, "male": men, "male_25_34": men}
    people = women + men + unknown
    cells |= {"gender_unknown": unknown, "age_25_34": people}
    return window(number, people, **(cells | more))


def split(number, women, men, unsure=0, **more):
    """The bin of a minute."""
    parts = {"female": women, "male": men, "gender_unknown": unsure}
    return minute(number, {"people": women + men + unsure} | parts | more)


def right(minutes=HOUR, women=5, men=5):
    """A device that errs in nothing, an hour long."""
    return tally(split(n, women, men) for n in minutes), [both(n, women, men) for n in minutes]


def missed(share, minutes=HOUR, people=10, seed=1):
    """An hour in which the device misses each person with this chance."""
    random = Random(seed)
    seen = [sum(random.random() >= share for _ in range(people)) for _ in minutes]
    return (
        tally(minute(n, people) for n in minutes),
        [window(n, told) for n, told in zip(minutes, seen, strict=True)],
    )


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


def test_sexes_that_are_mistaken_fail_whatever_is_unknown():
    """A tenth of the women are taken for men."""
    found = held(tally(split(n, 20, 20) for n in HOUR), [both(n, 18, 22) for n in HOUR])
    assert of(found, "female").verdict is Verdict.FAILS
    assert of(found, "male").verdict is Verdict.FAILS
    assert found.people.verdict is Verdict.PASSES
    assert any("est_female" in each for each in found.advice)


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


def test_a_recording_of_another_time_is_named():
    """Of which, so that the right one can be looked for."""
    found = held(tally(minute(n, 5) for n in HOUR), [window(n + 600, 5) for n in HOUR])
    assert any("from 2026-03-07 19:00 to 2026-03-07 20:00" in note for note in found.notes)


def test_few_bins_give_no_verdict_however_many_people_they_hold():
    """And it is bins that are lacking, not people."""
    found = held(tally(minute(n, 5_000) for n in range(5)), [window(n, 5_000) for n in range(5)])
    assert found.people.verdict is Verdict.NOT_ENOUGH
    assert found.people.more is None
    assert "people: a verdict takes 6 bins or more" in as_text(found)


def test_an_auditor_who_went_away_is_asked():
    """He forgot to press q: what the device counted then is no error of its own."""
    windows = [window(n, 5) for n in HOUR]
    away = held(tally(minute(n, 5 * (n < 40)) for n in HOUR), windows)
    assert any("in 20 bins in a row nobody was tallied" in note for note in away.notes)
    there = held(tally(minute(n, 5 * (n % 4 > 0)) for n in HOUR), windows)
    assert not any("in a row" in note for note in there.notes)


@pytest.mark.parametrize(("by", "word"), [(2, "2 bins later"), (-1, "1 bins earlier")])
def test_a_tally_by_another_clock_is_asked_about(by, word):
    """The same counts, some bins apart."""
    random = Random(6)
    people = [random.randrange(12) for _ in range(80)]
    bins = [minute(n, people[n]) for n in range(10, 70)]
    found = held(tally(bins), [window(n, people[n - by]) for n in range(10, 70)])
    assert any(word in note for note in found.notes)
    assert not held(tally(bins), [window(n, people[n]) for n in range(10, 70)]).notes


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


def test_the_history_is_held_against_hours_that_were_tallied_whole(tmp_path):
    """Windows that still wait for the broker are among them; half an hour is left out."""
    windows = [window(n, 5) for n in range(150)]
    kept(tmp_path, windows[:100])
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        waiting(outbox, windows[100:])
    found = audit([tally(minute(n, 5) for n in range(30, 150))], config(tmp_path), Rule())
    assert found.units == 1
    assert (found.people.tallied, found.people.told) == (300, 300)
    assert sum(each.bins for each in found.left.values()) == 60
    assert found.people.verdict is Verdict.NOT_ENOUGH
    assert any("--counts" in note for note in found.notes)


def test_six_hours_of_history_give_a_verdict(tmp_path):
    kept(tmp_path, [window(n, 5) for n in range(360)])
    found = audit([tally(minute(n, 5) for n in range(360))], config(tmp_path), Rule())
    assert (found.units, found.people.verdict) == (6, Verdict.PASSES)
    assert found.left == {}


def test_another_device_s_history_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="shop/till"):
        audit([tally([minute(0, 5)], device="till")], config(tmp_path), Rule())


def command(tmp_path, capsys, *flags):
    """The command's status and what it wrote."""
    with pytest.raises(SystemExit) as ended:
        main(["audit", *map(str, flags)])
    return ended.value.code, capsys.readouterr()


@pytest.fixture
def files(tmp_path):
    """A tally and a recording."""
    tallied, windows = missed(0.2)
    file.write(tmp_path / "tally.json", tallied)
    (tmp_path / "counts.jsonl").write_bytes(b"".join(recorded(windows)))
    return tmp_path / "tally.json", "--counts", tmp_path / "counts.jsonl"


def test_the_forms_tell_the_same(tmp_path, files, capsys):
    """Text, JSON and CSV, to standard output or a file; whatever the verdict, the status is 0."""
    status, written = command(tmp_path, capsys, *files)
    assert (status, written.err) == (0, "")
    _, as_object = command(tmp_path, capsys, *files, "--json")
    told = json.loads(as_object.out)
    assert told["verdict"] == "fails" and told["margin"] == 0.05
    people = told["quantities"][0]
    assert f"{100 * people['bias_low']:+.1f}" in written.out
    command(tmp_path, capsys, *files, "--csv", "--out", tmp_path / "audit.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "audit.csv").read_text())))
    assert rows[0]["quantity"] == "people" and rows[0]["verdict"] == "fails"
    assert float(rows[0]["low"]) == people["low"]
    assert [row["quantity"] for row in rows] == [each["quantity"] for each in told["quantities"]]


def test_the_rates_of_text_can_be_read_in_a_terminal(files, tmp_path, capsys):
    """The table is no wider than 80 columns."""
    _, written = command(tmp_path, capsys, *files)
    table = written.out.split("\n\n")[1]
    assert max(map(len, table.splitlines())) < 80


@pytest.mark.parametrize(
    "flags",
    [
        ("--margin", "0"),
        ("--margin", "nan"),
        ("--margin", "99"),
        ("--error", "50"),
        ("--margin", "x"),
    ],
)
def test_a_margin_that_says_nothing_is_refused(files, tmp_path, capsys, flags):
    status, written = command(tmp_path, capsys, *files, *flags)
    assert status == 2
    assert flags[0] in written.err


def test_files_that_are_not_there_or_damaged_are_told_in_a_sentence(files, tmp_path, capsys):
    """And which."""
    (tmp_path / "broken.json").write_text("{")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for flags, word in (
        ((tmp_path / "none.json", *files[1:]), "none.json"),
        ((tmp_path / "broken.json", *files[1:]), "broken.json"),
        ((files[0], "--counts", tmp_path / "none.jsonl"), "none.jsonl"),
        ((files[2], "--counts", files[0]), "--counts"),
        ((files[0], "--state-dir", tmp_path, "--site", "shop", "--device", "door"), "no history"),
    ):
        status, written = command(tmp_path, capsys, *flags)
        assert status == 2 and word in written.err and written.err.count("\n") == 1
    status, written = command(tmp_path, capsys, files[0], "--counts", empty)
    assert status == 0 and "the device told nothing of it" in written.out


def test_a_damaged_history_is_told_in_a_sentence(files, tmp_path, capsys):
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)
    status, written = command(
        tmp_path, capsys, files[0], "--state-dir", tmp_path, "--site", "shop", "--device", "door"
    )
    assert status == 1 and FILE_NAME in written.err and written.err.count("\n") == 1


def test_an_audit_writes_nothing_but_what_it_is_asked_for(files, tmp_path, capsys):
    before = names_in(tmp_path), files[0].read_bytes()
    command(tmp_path, capsys, *files)
    assert (names_in(tmp_path), files[0].read_bytes()) == before


def test_every_page_that_advice_names_is_there():
    """And the keys of the configuration too."""
    root = Path(__file__).parents[2]
    text = (root / "edge" / "audit" / "advice.py").read_text()
    pages = set(re.findall(r"docs/\w+\.md", text))
    assert len(pages) >= 3
    assert all((root / page).exists() for page in pages)


def test_nothing_but_sums_of_the_whole_tally_is_told():
    """Two tallies whose bins are exchanged among equal windows are told alike."""
    bins = [minute(n, people) for n, people in enumerate((3, 5, 4, 7, 6, 5, 9, 1))]
    other = [minute(n, each.counts) for n, each in enumerate(reversed(bins))]
    windows = [window(n, 5) for n in range(8)]
    ids = {"id": "0" * 12}
    assert as_json(held(tally(bins, **ids), windows)) == as_json(held(tally(other, **ids), windows))
    assert ":00" not in as_json(held(tally(bins), windows))
