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

from edge.anonymity import Anonymiser, in_view
from edge.bands import AGE_BANDS, AGES, GENDERS
from edge.config_people import Privacy
from edge.errors import ConfigError
from edge.fold import UNKNOWN, fold
from edge.live import FromVision, Hello, PublisherDoor, StateNow
from edge.messages import CELLS, Counts, counts_schema, encode_counts
from edge.noise import laplace
from edge.runtime.card import Confusion
from edge.runtime.frame import Window
from tests.people.crowds import AGE, GENDER
from tests.people.test_fold import CROWD, Cells, K

CONFUSION = {
    "gender": Confusion(("female", "male"), GENDER, "test faces"),
    "age_published": Confusion(tuple(AGE_BANDS), AGE, "test faces"),
}
ENDS = ("", "_low", "_high")
SCHEMA = jsonschema.Draft202012Validator(counts_schema())
PLACES = ("zone_shop_people", "line_door_in", "line_door_out")


def window(cells: Cells, **more: object) -> Window:
    known = {"places": {}, "dwell_s": 20.0, "attention_s": 5.0, "present_max": 2} | more
    return Window(
        start_s=1.8e9, end_s=1.8e9 + 60, clock_synced=True, window_s=60.0, observed_s=60.0,
        cells=cells, **known,
    )  # type: ignore[arg-type]  # fmt: skip


def anonymiser(k: int = 1, epsilon: float | None = None, *, estimates: bool = True) -> Anonymiser:
    confusion = CONFUSION if estimates else {}
    return Anonymiser(Privacy(k=k, epsilon=epsilon), confusion, model="test", places=PLACES)


def message(cells: Cells, k: int = 1, **more: object) -> dict:
    counts = anonymiser(k).counts(window(cells, **more))
    return msgspec.json.decode(encode_counts(counts))


def adds_up(told: dict) -> bool:
    """Every row and total of a message against every other."""
    genders = told["female"] + told["male"] + told["gender_unknown"]
    ages = sum(told[f"age_{age}"] for age in AGES)
    rows = all(
        told[gender]
        == told[f"{gender}_age_unknown"] + sum(told[f"{gender}_{age}"] for age in AGE_BANDS)
        for gender in ("female", "male")
    )
    columns = all(
        told[f"age_{age}"] >= told[f"female_{age}"] + told[f"male_{age}"] for age in AGE_BANDS
    )
    return told["people"] == genders == ages and rows and columns


@given(CROWD, K)
def test_every_message_adds_up_and_is_valid(raw: Cells, k: int):
    """people = women + men + unknown = the sum over ages; cells sum to their gender."""
    told = msgspec.json.decode(encode_counts(anonymiser(k, estimates=False).counts(window(raw))))
    SCHEMA.validate(told)
    assert told["people"] == sum(raw.values())
    assert adds_up(told)


@settings(max_examples=25)
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
    counts = anonymiser(estimates=False).counts(window({("female", "25_34"): 3}))
    assert msgspec.structs.asdict(counts)["est_female"] is None


@settings(max_examples=30)
@given(CROWD, K)
def test_estimates_tell_nothing_that_the_folded_numbers_do_not(raw: Cells, k: int):
    """Crowds with the same told women and men have the same estimates of them.

    Here one of two crowds has other ages, which the totals by gender do not show.
    """
    ageless = {(gender, UNKNOWN): 0 for gender in GENDERS}
    for (gender, _), count in raw.items():
        ageless[gender, UNKNOWN] += count
    first, second = message(raw, k), message(ageless, k)
    estimates = [f"est_{gender}{end}" for gender in ("female", "male") for end in ENDS]
    assert [first[key] for key in estimates] == [second[key] for key in estimates]


def test_a_gender_that_is_hidden_has_no_estimate():
    """Two men among nine: an estimate of theirs would be a way round the threshold."""
    told = message({("female", "25_34"): 9, ("male", "25_34"): 2}, 5)
    assert (told["est_female"], told["est_male"]) == (None, None)
    assert told["est_age_25_34"] is not None


@pytest.mark.parametrize(
    ("people", "dwell", "attention"), [(4, None, None), (5, 4.0, 1.0)], ids=["few", "enough"]
)
def test_means_of_few_are_not_told(people: int, dwell: float | None, attention: float | None):
    """The mean of one person is that person's."""
    told = message({("female", "25_34"): people}, 5)
    assert (told["dwell_s_mean"], told["attention_s_mean"]) == (dwell, attention)


@pytest.mark.parametrize(
    ("people", "present_max", "mean", "most"),
    [(0, 0, 0.5, 0), (1, 1, None, None), (0, 4, None, None), (6, 2, 0.5, None), (1, 5, 0.5, 5)],
    ids=["nobody", "one", "few stay", "many pass one by one", "one of many left"],
)
def test_presence_of_few_is_not_told(people, present_max, mean, most):
    """Mean presence of one in view is that one's stay; the greatest is a number like a place's."""
    told = message({("female", "25_34"): people} if people else {}, 5,
                   present_max=present_max, present_mean=0.5)  # fmt: skip
    assert (told["present_mean"], told["present_max"]) == (mean, most)
    alone = message({("female", "25_34"): 1}, 1, present_max=1, present_mean=0.5)
    assert (alone["present_mean"], alone["present_max"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("k", "state", "raw", "told"),
    [
        (1, "folded", (0, 0), (0, 0)),
        (1, "folded", (1, 1), (1, 1)),
        (5, "folded", (0, 0), (None, None)),
        (5, "folded", (4, 4), (None, None)),
        (5, "folded", (5, 5), (5, 5)),
        (5, "folded", (5, 0), (5, 0)),
        (5, "folded", (9, 4), (9, None)),
        (5, "folded", (9, 5), (9, None)),
        (5, "folded", (10, 5), (10, 5)),
        (5, "exact", (1, 1), (1, 1)),
    ],
)
def test_the_live_state_does_not_tell_of_few(k, state, raw, told):
    """Not that somebody came or left, nor how few look, or look away; exact only if asked."""
    assert in_view(Privacy(k=k, state=state), *raw) == told


def test_places_are_told_as_none_few_or_how_many():
    """Zero is zero; some but fewer than k is null."""
    told = message({("male", "25_34"): 9}, 5, places={"zone_shop_people": 7, "line_door_in": 2})
    assert [told[key] for key in PLACES] == [7, None, 0]


@settings(max_examples=50)
@given(st.lists(CROWD, min_size=1, max_size=6), K)
def test_rolling_windows_up_tells_no_more_than_the_windows(raws: list[Cells], k: int):
    """Every sum over consecutive windows, less any other, is a sum of folded numbers.

    Windows never overlap and each is folded on its own, once. So a total of an hour less a
    total of fifty-nine minutes is the minute as it was told: zero, or at least k.
    """
    told = [message_without_estimates(raw, k) for raw in raws]
    for key in (*CELLS, *(f"age_{band}" for band in AGE_BANDS), "female", "male"):
        if key.endswith("age_unknown"):
            continue
        sums = [0, *itertools.accumulate(counts[key] for counts in told)]
        for begin, end in itertools.combinations(range(len(sums)), 2):
            longer, shorter = sums[end] - sums[begin], sums[end - 1] - sums[begin]
            assert longer - shorter == 0 or longer - shorter >= k


def test_a_roll_up_of_raw_windows_would_undo_the_threshold():
    """Why there is no second, longer view: the counterexample.

    Were an hour folded anew from raw numbers beside its folded minutes, subtracting the minutes
    would tell of the one woman whom every minute withheld.
    """
    minute, rest = {("female", "25_34"): 1}, {("female", "25_34"): 5}
    hour = {("female", "25_34"): 6}
    minutes = [fold(raw, 5).genders.get("female", 0) for raw in (minute, rest)]
    assert minutes == [0, 5]
    assert fold(hour, 5).genders["female"] - sum(minutes) == 1


def message_without_estimates(raw: Cells, k: int) -> dict:
    return msgspec.structs.asdict(anonymiser(k, estimates=False).counts(window(raw)))


@settings(max_examples=50)
@given(CROWD, K)
def test_noisy_messages_add_up_and_are_folded(raw: Cells, k: int):
    """Totals agree, nothing is negative, no gender or band is told of fewer than k."""
    pytest.importorskip("opendp")
    told = msgspec.json.decode(encode_counts(anonymiser(k, 1.0).counts(window(raw))))
    SCHEMA.validate(told)
    assert adds_up(told)
    shown = [told["female"], told["male"], *(told[f"age_{band}"] for band in AGE_BANDS)]
    assert all(count == 0 or count >= k for count in shown)


def test_under_noise_nothing_exact_is_told():
    """No cell, presence, mean, place or estimate: each would be a number without noise."""
    pytest.importorskip("opendp")
    raw = window({("female", "25_34"): 40, ("male", "35_44"): 40}, places={"line_door_in": 80})
    counts = msgspec.structs.asdict(anonymiser(1, 1.0).counts(raw))
    exact = ["present_max", "present_mean", "dwell_s_mean", "attention_s_mean", "est_female"]
    assert [counts[key] for key in exact] == [None] * len(exact)
    assert set(counts["places"].values()) == {None}
    banded = [f"{gender}_{band}" for gender in ("female", "male") for band in AGE_BANDS]
    assert all(counts[key] == 0 for key in banded)


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
    """Numbers, two stamps and names of device and model: no list, no identity, no picture."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(Counts)}
    texts = {name for name, kind in kinds.items() if "str" in str(kind)} - {"places"}
    assert texts == {"boot", "start", "end", "model"}
    assert not any("bytes" in str(kind) or "list" in str(kind) for kind in kinds.values())


def crossing(folder: Path, clip: Path, *settings: str) -> list[FromVision]:
    """What crosses the door to the publisher when a real vision process looks at the clip."""
    given = (
        f"paths.runtime={folder}", f"paths.state={folder}", "detector.model=near", *settings
    )  # fmt: skip
    chosen = [part for setting in given for part in ("--set", setting)]
    command = [sys.executable, "-m", "edge", "vision", "--source", str(clip), *chosen]
    with PublisherDoor(folder) as door:
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        return door.receive()


@pytest.mark.parametrize(
    ("settings", "told"),
    [(("privacy.k=2",), {None}), (("privacy.k=2", "privacy.state=exact"), {0, 1})],
    ids=["folded", "exact"],
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
