"""A card is checked whole when it is loaded: alone, against its file, and by its decoder."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.runtime.detect import open_detector
from edge.runtime.estimate.estimate import open_estimator
from edge.runtime.frame import Box, Face
from edge.runtime.networks.card import Card, parse_card, read_card
from edge.runtime.networks.card_keys import AGE_LEAST_YEARS, AGE_MOST_YEARS
from tests.shared import MODELS, frame_of

ESTIMATORS = ("agender_64", "ssrnet_age_imdb", "ssrnet_gender_imdb")
DETECTORS = ("blazeface_short_128", "libface_160x176", "libface_160x176_int8")
PICTURE = np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)
FACE = Face(Box(40.0, 30.0, 50.0, 60.0), 1.0, None)

Steps = tuple[str | int, ...]


def put(card: dict, path: Steps, value: Any) -> dict:
    """A copy of the card with another value at the path."""
    card = deepcopy(card)
    inner = card
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return card


def bundle(folder: Path, name: str, text: str) -> Path:
    """The shipped network with this text for a card; the card's path."""
    shutil.copy(MODELS / f"{name}.tflite", folder)
    path = folder / f"{name}.json"
    path.write_text(text)
    return path


def used(folder: Path, name: str) -> None:
    """What the device does with the bundle; what it says must be an age and a probability."""
    if name in DETECTORS:
        for face in open_detector(name, folder).detect(frame_of(PICTURE)):
            assert np.isfinite([face.score, *face.box.centre]).all()
        return
    (estimate,) = open_estimator([name], folder, "grid").estimate(PICTURE, [FACE])
    if estimate.female is not None:
        assert 0 <= estimate.female <= 1
    if estimate.age_years is not None:
        assert np.isfinite(estimate.age_years)


def shipped(name: str) -> dict:
    """The card; without its variants, which are other files."""
    return json.loads((MODELS / f"{name}.json").read_text()) | {"variants": {}}


OUTPUT = ("estimator", "outputs", 0)
CROP = ("estimator", "crop")
WRONG: dict[str, tuple[str, Steps, Any, str]] = {
    "output past the last": ("agender_64", (*OUTPUT, "tensor"), 7, "has 2 outputs, but .* is 7"),
    "output before the first": ("agender_64", (*OUTPUT, "tensor"), -1, ">= 0"),
    "another output's": ("agender_64", (*OUTPUT, "tensor"), 1, "gives 1 values for age, .* 9"),
    "too many classes": ("agender_64", (*OUTPUT, "values"), [1] * 10, "gives 9 values for age"),
    "no output": ("agender_64", ("estimator", "outputs"), [], "length >= 1"),
    "ages nobody has": ("agender_64", (*OUTPUT, "factor"), 2.0, "reach from 2 to 160 years"),
    "a factor without bounds": ("agender_64", (*OUTPUT, "factor"), 1e300, "<= 1000"),
    "everybody the same": ("agender_64", (*OUTPUT, "factor"), 0.0, "`factor` is 0"),
    "a logit for a regression": (
        "agender_64",
        OUTPUT,
        {"attribute": "age", "kind": "regression"},
        "reads one",
    ),
    "a gender past the last": (
        "agender_64",
        OUTPUT,
        {"attribute": "gender", "kind": "softmax", "positive_index": 9, "logits": True},
        "counts 9 as an index|same attribute",
    ),
    "larger than memory": ("agender_64", ("input", "width"), 100_000, "<= 2048"),
    "another size": ("agender_64", ("input", "width"), 96, "takes 64 × 64 × 3 .* not 64 × 96 × 3"),
    "grey for colour": ("agender_64", ("input", "colour"), "grey", "takes 64 × 64 × 3"),
    "nothing seen": ("agender_64", ("input", "scale"), [1, 0, 1], "`scale` holds a 0"),
    "a crop inside out": ("agender_64", (*CROP, "margin"), -3, ">= -0.4"),
    "a crop of everything": ("agender_64", (*CROP, "margin"), 1e9, "<= 3"),
    "a family's crop": ("agender_64", (*CROP, "margins"), {"grid": -0.6}, ">= -0.4"),
    "a family's name": ("agender_64", (*CROP, "margins"), {"../grid": 0.1}, "letters, digits"),
    "landmarks in one spot": (
        "agender_64",
        (*CROP, "alignment"),
        {key: [0.5, 0.5] for key in ("right_eye", "left_eye", "nose", "mouth")},
        "lie in one place",
    ),
    "a name that is a path": ("agender_64", ("name",), "../../x", "letters, digits, - and _"),
    "a name with a line end": ("agender_64", ("name",), "x\n", "letters, digits, - and _"),
    "a variant that is a path": ("agender_64", ("variants",), {"plain": "../x"}, "letters, digits"),
    "a hash that is none": ("agender_64", ("sha256",), "abc", "64 digits"),
    "a matrix with a row too many": (
        "agender_64",
        ("confusion", "gender", "counts"),
        [[1, 2], [3, 4], [5, 6]],
        "a row and a column for each",
    ),
    "a matrix of other labels": (
        "agender_64",
        ("confusion", "gender", "labels"),
        ["f", "m"],
        "needs the labels female, male",
    ),
    "a detector's output past the last": (
        "blazeface_short_128",
        ("detector", "tensors", "scores"),
        9,
        "has 2 outputs, but `tensors.scores` is 9",
    ),
    "a detector's output without a name": (
        "blazeface_short_128",
        ("detector", "tensors"),
        {"boxes": 0},
        "`tensors` lacks 'scores'",
    ),
    "a detector's outputs exchanged": (
        "blazeface_short_128",
        ("detector", "tensors"),
        {"boxes": 1, "scores": 0},
        "can't be read as those of the family 'blazeface'",
    ),
    "a detector's strides": (
        "libface_160x176",
        ("detector", "strides"),
        [8, 16],
        "can't be read as those of the family 'grid'",
    ),
    "no stride": ("libface_160x176", ("detector", "strides"), [0], ">= 1"),
    "a score of all": ("blazeface_short_128", ("detector", "score_low"), 1.0, "< 1"),
    "scores exchanged": (
        "blazeface_short_128",
        ("detector", "score_low"),
        0.9,
        "must not be above `score_min`",
    ),
    "a part that is a path": ("libface_160x176", ("detector", "parts"), ["../x"], "letters"),
    "a colour that is none": (
        "agender_64",
        ("input", "colour"),
        "cmyk",
        r"'cmyk' - at `\$.input.colour`, must be one of 'bgr', 'rgb', 'grey'",
    ),
    "an attribute that is none": (
        "agender_64",
        ("estimator", "outputs", 0, "attribute"),
        "mood",
        "must be one of 'age', 'gender'",
    ),
    "a grey detector": ("libface_160x176", ("input", "colour"), "grey", "must be bgr or rgb"),
}


@pytest.mark.parametrize(("name", "path", "value", "said"), WRONG.values(), ids=WRONG)
def test_a_card_that_does_not_fit_is_refused_when_it_is_loaded(tmp_path, name, path, value, said):
    """One sentence with the key or the tensor, before any frame is looked at."""
    text = json.dumps(put(shipped(name), path, value))
    bundle(tmp_path, name, text)
    with pytest.raises(ModelError, match=said):
        if name in DETECTORS:
            open_detector(name, tmp_path)
        else:
            open_estimator([name], tmp_path, "grid")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(tmp_path, number):
    """JSON of other programs may hold it."""
    text = json.dumps(put(shipped("agender_64"), ("input", "scale"), [1, 1, 4711]))
    path = bundle(tmp_path, "agender_64", text.replace("4711", number))
    with pytest.raises(ModelError, match="is not valid"):
        read_card(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"evidence":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b" " * (5 << 20),
    ],
    ids=["nothing", "no text", "no table", "deep", "deep and whole", "5 MiB"],
)
def test_a_file_that_is_no_card_is_refused(tmp_path, content):
    """Whatever lies there."""
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.json is not valid"):
        read_card(tmp_path / "x.json")


def test_a_file_without_an_end_is_not_read_to_its_end():
    """A card is small; /dev/zero is not."""
    with pytest.raises(ModelError, match="larger than 4 MiB"):
        read_card(Path("/dev/zero"))


def paths(value: Any, before: Steps = ()) -> list[Steps]:
    """Every key and place of a card but those of its evidence."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[Steps] = []
    for step, one in inside:
        if step == "evidence":
            continue
        found.append((*before, step))
        if isinstance(one, dict | list):
            found += paths(one, (*before, step))
    return found


LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-3, 40),
    st.floats(allow_nan=True),
    st.floats(-300, 300),
    st.sampled_from(["", "../x", "/etc/passwd", "a" * 5000, "x\0y", "bgr", "rgb", "grey", "grid",
                     "ssd", "female", "male", "softmax", "index", "expectation", "argmax"]),
)  # fmt: skip
HOSTILE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=12),
        st.dictionaries(st.sampled_from(["boxes", "scores", "plain", "x", "../x"]), inner),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", [*ESTIMATORS, *DETECTORS])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_card_gets_further_than_a_sentence_or_an_answer(tmp_path_factory, name, data):
    """Up to three values exchanged for anything: refused by ModelError, or usable."""
    card = shipped(name)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(card)))
        card = put(card, path, data.draw(HOSTILE))
    folder = tmp_path_factory.mktemp("card")
    bundle(folder, name, json.dumps(card))
    try:
        used(folder, name)
    except ModelError as error:
        assert "\n" not in str(error)
    finally:
        shutil.rmtree(folder)


@settings(max_examples=60, deadline=None)
@given(st.floats(-1000, 1000), st.floats(-1000, 1000), st.lists(st.floats(-200, 200), min_size=9,
                                                                 max_size=9))  # fmt: skip
def test_classes_never_say_an_age_that_nobody_has(factor, offset, values):
    """Either the card is refused or what it can say lies between −5 and 120 years."""
    card = put(shipped("agender_64"), (*OUTPUT, "values"), values)
    card = put(put(card, (*OUTPUT, "factor"), factor), (*OUTPUT, "offset"), offset)
    try:
        found = _parsed(card)
    except ModelError:
        return
    output = found.estimating.outputs[0]
    ages = np.array(output.values) * output.factor + output.offset
    assert ((ages >= AGE_LEAST_YEARS) & (ages <= AGE_MOST_YEARS)).all()


def _parsed(card: dict) -> Card:
    return parse_card(json.dumps(card).encode(), "a card")


def test_estimators_whose_names_no_message_could_say_are_refused(tmp_path):
    """`model` of a message has 64 letters."""
    for name, long in (("ssrnet_age_imdb", "a" * 40), ("ssrnet_gender_imdb", "b" * 40)):
        text = json.dumps(put(shipped(name), ("name",), long))
        bundle(tmp_path, name, text)
    with pytest.raises(ModelError, match="longer than 64 letters together"):
        open_estimator(["ssrnet_age_imdb", "ssrnet_gender_imdb"], tmp_path, "")


def test_every_shipped_card_fits_its_file():
    """Each is opened as the device opens it."""
    for path in sorted(MODELS.glob("*.json")):
        card = read_card(path)
        if card.task == "detect":
            open_detector(path.stem, MODELS)
        else:
            open_estimator([path.stem], MODELS, "grid")
