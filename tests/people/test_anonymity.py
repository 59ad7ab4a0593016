"""What leaves: messages made of folded numbers, and of nothing else."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from edge.config.told import Privacy
from edge.errors import ConfigError
from edge.messages.bands import AGE_BANDS, AGES, COARSE_BANDS, SCHEMES, TOLD_GENDERS, UNKNOWN
from edge.messages.checking import contradiction, sendable
from edge.messages.counts import CELLS, VIEW_FLAGS, Counts, counts_schema, encode_counts
from edge.messages.live import FromVision, Hello, PublisherSocket, StateNow
from edge.privacy.anonymise import Anonymiser, Form, in_view
from edge.privacy.estimates import Estimates
from edge.privacy.fold import secret_coin, settle
from edge.privacy.noise import laplace
from edge.runtime.frame import ViewHealth, Window
from edge.runtime.networks.card import Confusion
from tests.people.attack import Raw, Scripted, attack, cells_and_inside
from tests.people.crowds import AGE, GENDER
from tests.people.test_fold import CROWD, Cells, K

CONFUSION = {
    "gender": Confusion(("female", "male"), GENDER, "test faces"),
    "age_published": Confusion(tuple(AGE_BANDS), AGE, "test faces"),
}
ENDS = ("", "_low", "_high")
SCHEMA = jsonschema.Draft202012Validator(counts_schema())
PLACES = ("zone_shop_people", "line_door_in", "line_door_out")
HEAD = {
    "schema", "numbering", "seq", "boot", "start", "end", "timezone", "window_s", "observed_s",
    "clock_synced", "lost", "folding", "folded_as", "bands", "people", "model",
}  # fmt: skip
"""All that is told of a window with fewer than k people: about the window, and their number."""


def window(cells: Cells, **more: object) -> Window:
    known = {"places": {}, "dwell_s": 20.0, "attention_s": 5.0, "present_max": 2} | more
    return Window(
        start_s=1.8e9, end_s=1.8e9 + 60, clock_synced=True, window_s=60.0, observed_s=60.0,
        cells=cells, **known,
    )  # type: ignore[arg-type]  # fmt: skip


def anonymiser(
    k: int = 1, epsilon: float | None = None, *, estimates: bool = True, coin=secret_coin, **form
) -> Anonymiser:
    confusion = CONFUSION if estimates else {}
    looks = Form(**({"model": "test", "places": PLACES} | form))
    return Anonymiser(Privacy(k=k, epsilon=epsilon), confusion, looks, coin)


def message(cells: Cells, k: int = 1, *, estimates: bool = True, **more: object) -> dict:
    counts = anonymiser(k, estimates=estimates).counts(window(cells, **more))
    return msgspec.json.decode(encode_counts(counts))


def adds_up(told: dict) -> bool:
    """Every row and total of a message against every other."""
    ages = (*SCHEMES[told["bands"]], UNKNOWN)
    by_gender = told["female"] + told["male"] + told["gender_unknown"]
    by_age = sum(told[f"age_{age}"] for age in ages)
    return told["people"] == by_gender == by_age and not contradiction(told)


@given(CROWD, K)
def test_every_message_adds_up_and_is_valid(raw: Cells, k: int):
    """people = women + men + unknown = the sum over ages; cells sum to their gender."""
    told = message(raw, k, estimates=False)
    SCHEMA.validate(told)
    assert told["people"] == sum(raw.values())
    if told["people"] >= k:
        assert adds_up(told)


@given(CROWD, K)
def test_nothing_is_told_of_fewer_than_k(raw: Cells, k: int):
    """No told cell, gender, band, or what is left of one, has 1 … k − 1 people."""
    told = message(raw, k, estimates=False)
    if told["female"] is None:
        return
    numbers = [told[key] for key in told if key in CELLS or key.startswith("age_")]
    numbers += [told["female"], told["male"], told["gender_unknown"]]
    rest = [told["people"] - number for number in numbers if number is not None]
    rest += [told[f"age_{age}"] - sum(told[f"{gender}_{'age_' if age == UNKNOWN else ''}{age}"]
                                      for gender in TOLD_GENDERS) for age in AGES]  # fmt: skip
    assert all(number is None or number == 0 or number >= k for number in (*numbers, *rest))


@given(st.integers(2, 10), st.data())
def test_of_few_only_their_number_is_told(k: int, data):
    """Whoever they were, however long they stayed, wherever they went: all else is null."""
    people = data.draw(st.integers(0, k - 1))
    cell = data.draw(st.sampled_from([("female", "25_34"), ("male", UNKNOWN)]))
    more = {"places": dict.fromkeys(PLACES, people), "present_max": 9, "present_mean": 1.5,
            "frames_seen": 600, "not_faces": 3, "view": ViewHealth(dark=True)}  # fmt: skip
    told = message({cell: people}, k, **more)
    assert {key for key, value in told.items() if value is not None} == HEAD
    assert told["people"] == people


def test_the_flags_of_the_view_are_those_of_the_camera():
    """What is found of the view is what is told of it."""
    assert tuple(f"view_{name}" for name in ViewHealth._fields) == VIEW_FLAGS
    told = message({("female", "25_34"): 6}, 5, view=ViewHealth(dark=True), not_faces=2)
    assert (told["view_dark"], told["view_frozen"], told["view_faces_cut"]) == (True, False, None)
    assert told["not_faces"] == 2


@given(CROWD, K, st.data())
def test_whatever_is_made_may_be_sent(raw: Cells, k: int, data):
    """The publisher, which believes no window, refuses none of ours."""
    number = st.integers(0, 40)
    more = {"places": dict(zip(PLACES, data.draw(st.tuples(number, number, number)), strict=True)),
            "present_max": data.draw(number), "present_mean": 0.5, "not_faces": 1,
            "passers": data.draw(st.none() | number)}  # fmt: skip
    made = anonymiser(k).counts(window(raw, **more), seq=1)
    assert sendable(made, PLACES, made.numbering).refusal == ""


def test_all_messages_of_few_look_alike():
    """Two of them differ in nothing but the number of people."""
    one = message({("female", "0_12"): 3}, 5, dwell_s=1.0, places={"line_door_in": 4})
    other = message({("male", "65_plus"): 1, (UNKNOWN, UNKNOWN): 2}, 5, dwell_s=99.0)
    assert one == other


CLASSES = list(
    itertools.product([("female", "0_12"), ("male", "0_12"), (UNKNOWN, "13_17")], (False, True))
)
"""A person's cell, and whether he or she was in the zone: of anybody either may be so."""


def whole_message(k: int):
    """All of a message, of people who are in a cell each, and in the zone or not."""

    def told(raw: Raw, coin: Scripted):
        cells, inside = cells_and_inside(CLASSES, raw)
        rules = anonymiser(k, estimates=False, coin=coin)
        return encode_counts(rules.counts(window(cells, places={"zone_shop_people": inside})))

    return told


@pytest.mark.parametrize(("k", "sizes"), [(2, range(1, 6)), (3, range(2, 7))])
def test_no_whole_message_shows_a_group_of_few(k: int, sizes: range):
    """The reader of tests/people/attack.py, given everything that is sent."""
    for people in sizes:
        found = attack(whole_message(k), len(CLASSES), people, k)
        assert found.betraying == 0, found.example


@settings(max_examples=25, deadline=None)
@given(CROWD)
def test_corrected_counts_are_not_negative_and_sum_to_people(raw: Cells):
    """By gender and by age, whatever was counted."""
    told = message(raw)
    for names in (("female", "male"), tuple(f"age_{age}" for age in AGE_BANDS)):
        estimates = [told[f"est_{name}"] for name in names]
        assert min(estimates) >= 0
        assert sum(estimates) == pytest.approx(told["people"], abs=1e-6)
        for name in names:
            assert 0 <= told[f"est_{name}_low"] <= told[f"est_{name}_high"] <= told["people"]


def test_no_estimate_without_a_confusion_matrix():
    """A card that does not say how its network errs corrects nothing."""
    told = message({("female", "25_34"): 3}, estimates=False)
    assert told["est_female"] is None
    coarse = anonymiser(bands="coarse").counts(window({("female", "adult"): 3}))
    assert msgspec.structs.asdict(coarse)["est_age_adult"] is None
    assert msgspec.structs.asdict(coarse)["est_female"] is not None


@settings(max_examples=30, deadline=None)
@given(CROWD, st.integers(2, 10))
def test_estimates_tell_nothing_that_the_folded_numbers_do_not(raw: Cells, k: int):
    """They are computed from the told table alone: the raw one is not there to look at."""
    table = settle(raw, k)
    if table is None:
        return
    rules = Estimates(CONFUSION, "fine", k)
    counts = msgspec.structs.asdict(anonymiser(k).counts(window(table)))  # safe: told as it is
    estimates = rules.of(table)
    assert {key: counts[key] for key in estimates} == estimates


def test_the_intervals_take_the_rounding_in():
    """A told 10 may have been 7: the same told numbers under a threshold are less sure."""
    table = {("female", "25_34"): 10, ("male", "35_44"): 12, ("male", "65_plus"): 10}
    exact, rounded = (Estimates(CONFUSION, "fine", k).of(table) for k in (1, 10))

    def width(found: dict) -> float:
        return sum(found[f"est_age_{age}_high"] - found[f"est_age_{age}_low"] for age in AGE_BANDS)

    assert width(rounded) > 1.1 * width(exact)
    assert [rounded[f"est_{name}"] for name in TOLD_GENDERS] == [
        exact[f"est_{name}"] for name in TOLD_GENDERS
    ]


@pytest.mark.parametrize(
    ("people", "dwell", "attention"), [(4, None, None), (5, 4.0, 1.0)], ids=["few", "enough"]
)
def test_means_of_few_are_not_told(people: int, dwell: float | None, attention: float | None):
    """The mean of one person is that person's."""
    told = message({("female", "25_34"): people}, 5)
    assert (told["dwell_s_mean"], told["attention_s_mean"]) == (dwell, attention)


@pytest.mark.parametrize(
    ("people", "present_max", "most"),
    [(0, 0, None), (1, 1, None), (0, 9, None), (6, 0, None), (6, 4, None), (6, 5, 5)],
    ids=["nobody", "one", "stay on", "left before", "few at once", "enough"],
)
def test_presence_of_few_is_not_told(people: int, present_max: int, most: int | None):
    """Nobody in view looks like few in view; and mean presence is not told at all.

    With it the sixth visitor's stay was 60 · (1.667 + 2.788) − 5 · 50 = 17.30 s over two windows.
    """
    told = message({("female", "25_34"): people} if people else {}, 5,
                   present_max=present_max, present_mean=0.5)  # fmt: skip
    assert (told["present_mean"], told["present_max"]) == (None, most)
    alone = message({("female", "25_34"): 1}, 1, present_max=1, present_mean=0.5)
    assert (alone["present_mean"], alone["present_max"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("k", "state", "raw", "told"),
    [
        (1, "folded", (0, 0), (0, 0)),
        (1, "folded", (1, 1), (1, 1)),
        (5, "folded", (0, 0), (None, None)),
        (5, "folded", (4, 4), (None, None)),
        (5, "folded", (5, 5), (5, None)),
        (5, "folded", (5, 0), (5, None)),
        (5, "folded", (6, 6), (6, 6)),
        (5, "folded", (6, 0), (6, 0)),
        (5, "folded", (9, 4), (9, None)),
        (5, "folded", (9, 5), (9, None)),
        (5, "folded", (10, 5), (10, 5)),
        (5, "exact", (1, 1), (1, 1)),
    ],
)
def test_the_live_state_does_not_tell_of_few(k, state, raw, told):
    """Not that somebody came or left, nor how few look, or look away; exact only if asked."""
    assert in_view(Privacy(k=k, state=state), *raw) == told


@pytest.mark.parametrize("k", range(2, 7))
def test_no_live_state_shows_few_even_by_what_it_withholds(k: int):
    """A reader lists all that may be in view: no withheld number is bound to 1 … k − 1."""
    worlds: dict = {}
    for present, attending in itertools.product(range(3 * k), repeat=2):
        if attending <= present:
            told = in_view(Privacy(k=k), present, attending)
            worlds.setdefault(told, []).append((present, attending))
    for possible in worlds.values():
        for group in (lambda p, a: p, lambda p, a: a, lambda p, a: p - a):
            assert not all(0 < group(*world) < k for world in possible)


@pytest.mark.parametrize(
    ("people", "told"), [(4, [None] * 3), (9, [None, 0, 6]), (12, [7, 0, 6])],
    ids=["few", "enough for lines", "enough for zones"],
)  # fmt: skip
def test_places_are_told_of_enough_people_only(people: int, told: list):
    """A zone from 2k people on, as none, all, or at least k on either side; a line from k on."""
    raw = {"zone_shop_people": 7, "line_door_in": 2, "line_door_out": 6}
    found = message({("male", "25_34"): people}, 5, places=raw)
    assert [found[key] for key in PLACES] == told


def test_coarse_bands_are_told_in_the_same_form():
    """Children, the young, adults and seniors; the fine bands are null then."""
    raw = {("female", "adult"): 2, ("male", "senior"): 1}
    told = msgspec.json.decode(
        encode_counts(anonymiser(estimates=False, bands="coarse").counts(window(raw)))
    )
    SCHEMA.validate(told)
    assert adds_up(told)
    assert (told["female_adult"], told["age_senior"], told["age_child"]) == (2, 1, 0)
    assert {told[f"age_{band}"] for band in AGE_BANDS} == {None}
    assert set(COARSE_BANDS) == {"child", "young", "adult", "senior"}


@settings(max_examples=50)
@given(st.lists(CROWD, min_size=1, max_size=6), K)
def test_rolling_windows_up_tells_no_more_than_the_windows(raws: list[Cells], k: int):
    """Every sum over consecutive windows, less any other, is a sum of folded numbers.

    Windows never overlap and each is folded on its own, once. So a total of an hour less a
    total of fifty-nine minutes is the minute as it was told: zero, or at least k.
    """
    told = [message(raw, k, estimates=False) for raw in raws]
    for key in (*CELLS, *(f"age_{band}" for band in AGES), "female", "male", "gender_unknown"):
        sums = [0, *itertools.accumulate(counts[key] or 0 for counts in told)]
        for begin, end in itertools.combinations(range(len(sums)), 2):
            longer, shorter = sums[end] - sums[begin], sums[end - 1] - sums[begin]
            assert longer - shorter == 0 or longer - shorter >= k


def test_a_roll_up_of_raw_windows_would_undo_the_threshold():
    """Why there is no second, longer view: the counterexample.

    Were an hour folded anew from raw numbers beside its folded minutes, subtracting the minutes
    would tell of the one woman of whom the minutes told nothing.
    """
    minute, rest = {("female", "25_34"): 1}, {("female", "25_34"): 5}
    hour = {("female", "25_34"): 6}
    minutes = [sum((settle(raw, 5) or {}).values()) for raw in (minute, rest)]
    assert minutes == [0, 5]
    assert sum((settle(hour, 5) or {}).values()) - sum(minutes) == 1


@settings(max_examples=50, deadline=None)
@given(CROWD, K)
def test_noisy_messages_add_up_and_are_folded(raw: Cells, k: int):
    """Totals agree, nothing is negative, no gender or band is told of fewer than k."""
    pytest.importorskip("opendp")
    told = msgspec.json.decode(encode_counts(anonymiser(k, 1.0).counts(window(raw))))
    SCHEMA.validate(told)
    if told["female"] is None:
        assert told["people"] < k
    else:
        assert adds_up(told)
        shown = [told[key] for key in (*TOLD_GENDERS, *(f"age_{band}" for band in AGE_BANDS))]
        assert all(count == 0 or count >= k for count in shown)


def test_under_noise_nothing_exact_is_told():
    """No cell, presence, mean, place or estimate: each would be a number without noise."""
    pytest.importorskip("opendp")
    raw = window({("female", "25_34"): 40, ("male", "35_44"): 40}, places={"line_door_in": 80},
                 frames_seen=600, not_faces=2)  # fmt: skip
    told = msgspec.json.decode(encode_counts(anonymiser(1, 1.0).counts(raw)))
    margins = {"female", "male", "gender_unknown", *(f"age_{age}" for age in AGES)}
    assert {key for key, value in told.items() if value is not None} == HEAD | margins


def test_noise_has_the_promised_scale():
    """The mean absolute value of discrete Laplace noise for ε = ½ is 1 / sinh ½ = 1.92."""
    pytest.importorskip("opendp")
    values = laplace(0.5)([0] * 20_000)
    assert sum(map(abs, values)) / len(values) == pytest.approx(1.919, rel=0.05)


def test_the_budget_of_a_day_is_added_up():
    """ε a window, from midnight UTC on."""
    pytest.importorskip("opendp")
    rules = anonymiser(1, 0.5)
    for _ in range(3):
        rules.counts(window({}))
    assert rules.epsilon_spent == pytest.approx(1.5)
    rules.counts(dataclasses.replace(window({}), end_s=1.8e9 + 90_000))
    assert rules.epsilon_spent == pytest.approx(0.5)


def test_noise_without_the_library_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch):
    """And not silently left out."""
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(ConfigError, match=r"needs OpenDP: pip install"):
        anonymiser(1, 1.0)


def test_the_message_has_no_field_for_a_person():
    """Numbers, stamps and names of device and model: no list, no identity, no picture."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(Counts)}
    texts = {name for name, kind in kinds.items() if "str" in str(kind)} - {"places"}
    assert texts == {"numbering", "boot", "start", "end", "timezone", "folding", "model"}
    assert not any("bytes" in str(kind) or "list" in str(kind) for kind in kinds.values())


def crossing(folder: Path, clip: Path, *settings: str) -> list[FromVision]:
    """What crosses the live to the publisher when a real vision process looks at the clip."""
    given = (
        f"paths.runtime={folder}", f"paths.state={folder}", "detector.model=near", *settings
    )  # fmt: skip
    chosen = [part for setting in given for part in ("--set", setting)]
    command = [sys.executable, "-m", "edge", "vision", "--source", str(clip), *chosen]
    with PublisherSocket(folder) as live:
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        return live.receive()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("privacy.k=2",), {None}),
        (("privacy.k=2", "privacy.state=exact"), {0, 1}),
        (("privacy.state=off",), set()),
    ],
    ids=["folded", "exact", "off"],
)
def test_the_door_itself_is_passed_by_folded_presence_only(settings, told, tmp_path, demo_clip):
    """One person comes and goes in the clip: with k = 2 nothing of it leaves vision."""
    records = crossing(tmp_path, demo_clip, *settings)
    assert {record.state.present for record in records if isinstance(record, StateNow)} == told


@pytest.mark.parametrize("epsilon", [None, 1.0], ids=["without noise", "with noise"])
def test_under_noise_the_live_state_is_silent_and_the_budget_is_told(
    epsilon: float | None, tmp_path: Path, demo_clip: Path
):
    """A sum of live numbers would undo the noise."""
    pytest.importorskip("opendp")
    settings = [f"privacy.epsilon={epsilon}"] if epsilon else []
    records = crossing(tmp_path, demo_clip, *settings)
    told = {record.epsilon_spent for record in records if isinstance(record, Hello)}
    assert any(isinstance(record, StateNow) for record in records) is (epsilon is None)
    assert told <= {0.0, 1.0} if epsilon else told == {None}
