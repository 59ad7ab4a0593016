"""What leaves: messages made of folded numbers, and of nothing else."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from edge.messages.bands import AGE_BANDS, AGES, COARSE_BANDS, TOLD_GENDERS, UNKNOWN
from edge.messages.checking import sendable
from edge.messages.counts import CELLS, VIEW_FLAGS, Counts, encode_counts
from edge.privacy.estimates import Estimates
from edge.privacy.fold import attention_s, settle
from edge.runtime.frame import ViewHealth
from edge.runtime.people.visit import STEP_MAX_S
from tests.people.attack import Raw, Scripted, attack, cells_and_inside
from tests.people.folded import (
    CONFUSION,
    HEAD,
    PLACES,
    SCHEMA,
    adds_up,
    anonymiser,
    message,
    window,
)
from tests.people.tables import CROWD, Cells, K


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


LATER = list(itertools.product([("female", "0_12"), (UNKNOWN, UNKNOWN)], (False, True)))


def over_a_start(k: int):
    """All of a message of people of whom some came before a start: they, then by cell and zone."""

    def told(raw: Raw, coin: Scripted):
        before, *after = raw
        cells, inside = cells_and_inside(LATER, tuple(after))
        cells[UNKNOWN, UNKNOWN] += before
        places = {"zone_shop_people": inside}
        stays = {"dwell_s": 3.0 * sum(after), "attention_s": 1.0 * sum(after)}
        known = stays | {"places": places, "untimed": before}
        rules = anonymiser(k, estimates=False, coin=coin)
        return encode_counts(rules.counts(window(cells, **known)))

    return told


@pytest.mark.parametrize(("k", "sizes"), [(2, range(1, 7)), (3, range(2, 8))])
def test_a_window_over_a_start_shows_no_few_from_before_or_after_it(k: int, sizes: range):
    """Of those before it no cell and no stay is known: what is told must not show that."""
    for people in sizes:
        found = attack(over_a_start(k), 5, people, k)
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
    ("looked_s", "told"),
    [
        ([0.2, 0, 0, 0, 0], 0.0),
        ([0] * 5, 0.0),
        ([2.0, 2.0, 0, 0, 0], 0.8),
        ([4.0, 4.0, 4.0, 4.0, 3.8], 4.0),
        ([4.0] * 5, 4.0),
    ],
    ids=["one glance", "nobody", "some", "one looked away", "all"],
)
def test_attention_shows_no_few_who_looked_or_looked_away(looked_s: list[float], told: float):
    """0.2 s in all can only be the look of one: it is told like nobody's."""
    found = message({("female", "25_34"): 5}, 5, dwell_s=20.0, attention_s=sum(looked_s))
    assert found["attention_s_mean"] == pytest.approx(told)


@given(st.integers(2, 9), st.lists(st.floats(STEP_MAX_S, 30.0), min_size=2, max_size=30), st.data())
def test_whatever_attention_is_told_may_be_everybodys(k: int, stays: list[float], data):
    """Who looks, looks for at most STEP_MAX_S at least; who looks away, too."""
    people = len(stays)
    looks = [min(stay, data.draw(st.sampled_from([0.0, 0.1, STEP_MAX_S, 5.0, 99.0])))
             for stay in stays]  # fmt: skip
    if people < k:
        return
    told_s = attention_s(sum(looks) / people, sum(stays) / people)
    away_s = sum(stays) / people - told_s
    assert told_s == 0 or told_s >= STEP_MAX_S
    assert away_s == 0 or away_s >= STEP_MAX_S or told_s == 0


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


def test_the_message_has_no_field_for_a_person():
    """Numbers, stamps and names of device and model: no list, no identity, no picture."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(Counts)}
    texts = {name for name, kind in kinds.items() if "str" in str(kind)} - {"places"}
    assert texts == {"numbering", "boot", "start", "end", "timezone", "folding", "model"}
    assert not any("bytes" in str(kind) or "list" in str(kind) for kind in kinds.values())
