"""A card's template begun from a file alone: its shapes, and what it says of itself.

What a file does not say (colours, range, which end is male) is a guess with a remark; `import
--data` measures whether it was right, and what would be better.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from converters.importers.tflite_metadata import Metadata
from converters.labels import BAND_MIDDLES

ADIENCE = (1.0, 5.0, 10.0, 17.5, 28.5, 40.5, 50.5, 70.0)
"""Middles of Adience's eight bands, years."""
FAIRFACE_BANDS = 9
LARGEST_AGE = 120
WIDTH_DEFAULT = 224
_GENDER, _AGE = ("gender", "sex", "female", "male"), ("age", "year")
_FEMALE = ("female", "woman", "women", "f")
_MALE = ("male", "man", "men", "m")
_YEARS = re.compile(
    r"[\[(]?\s*(?:(?:ages?|over|under|more than|less than|above|below)\b|[<>≥≤])?\s*"
    r"(\d{1,3})(?:\s*(?:[-–—_,]|to)\s*(\d{1,3}))?\s*[\])]?"
    r"\s*(?:\+|(?:and|or)?\s*(?:over|older|more|above))?\s*(?:(?:years?|yrs?|y)(?:\s*old)?)?",
    re.IGNORECASE,
)
"""A label that is an age or a band of ages and nothing else: "25-32", "(25, 32)", "60+ years"."""


class Seen(NamedTuple):
    """What a file shows: height, width and channels (None: open), and its outputs' widths."""

    picture: tuple[int | None, ...]
    outputs: dict[str, int]
    said: Metadata = Metadata()


class Guess(NamedTuple):
    """One output, as a template's lines."""

    lines: list[str]
    attribute: str


def render(path: Path, seen: Seen) -> str:
    """The template as TOML."""
    height, width, channels = seen.picture
    said = seen.said
    lines = [
        f"# Begun from {_remark(path.name)}. Check what is marked, and say the rest; then",
        f"#   agender-convert import {_remark(path.name)} --card THIS.toml --data FACES.zip",
        f"name = {_text(_name(path))}",
        f"description = {_text(said.description or 'What is it? In a line')}",
        *([f"author = {_text(said.author)}"] if said.author else []),
        "",
        "[licence]",
        f"code = {_text(said.licence or 'not stated')}",
        f"weights = {_text(said.licence or 'not stated')}",
        'training_data = "not stated"',
        "commercial_use = false",
        "",
        "[source]",
        f"project = {_text(said.author or 'not stated')}",
        "",
        "[input]",
        _sided("width", width),
        _sided("height", height),
        *_colours(channels, said),
        "",
        "# Room round the detector's box; `agender-convert sweep` finds the best.",
        "[crop]",
        "margin = 0.2",
        *_outputs(path, seen),
    ]
    return "\n".join(lines) + "\n"


def _name(path: Path) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "mine"
    return plain[:50]


def _text(value: str) -> str:
    """A string of TOML, which is one of JSON but for DEL."""
    plain = value.encode("utf-8", "replace").decode()
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _remark(value: str) -> str:
    """A text that may stand in a comment: one line, nothing that can't be printed."""
    return "".join(letter if letter.isprintable() else "?" for letter in value)


def _sided(key: str, size: int | None) -> str:
    if size is not None:
        return f"{key} = {size}"
    return f"{key} = {WIDTH_DEFAULT}  # check: the file takes any"


def _colours(channels: int | None, said: Metadata) -> Iterator[str]:
    if channels == 1:
        yield 'colour = "grey"'
    else:
        yield 'colour = "rgb"  # check: rgb or bgr'
    if said.mean and said.std and all(said.std):
        mean, std = (_three(part) for part in (said.mean, said.std))
        yield f"mean = {list(mean)}"
        yield f"scale = {[float(f'{1 / value:.8g}') for value in std]}"
        return
    yield "# check: pixels go in as 0 … 255. For 0 … 1:"
    yield "# scale = [0.00392157, 0.00392157, 0.00392157]"
    yield "# for −1 … 1:"
    yield "# mean = [127.5, 127.5, 127.5]"
    yield "# scale = [0.00784314, 0.00784314, 0.00784314]"


def _three(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(values) * 3 if len(values) == 1 else tuple(values)[:3]


def _outputs(path: Path, seen: Seen) -> Iterator[str]:
    """The outputs that say age or gender, the first of each; a remark for every other."""
    found: set[str] = set()
    for place, (name, width) in enumerate(seen.outputs.items()):
        guess = _guess(path, seen, place, name, width)
        yield ""
        if guess is None or guess.attribute in found:
            yield (
                f"# Left out, so that no device computes it: the output {name!r} ({width} values). "
                "Were it ages,"
            )
            yield "# it would need an [[outputs]] of its own, with the years of its `values`."
            continue
        found.add(guess.attribute)
        yield "[[outputs]]"
        yield f"output = {_text(name)}"
        yield from guess.lines


def _guess(path: Path, seen: Seen, place: int, name: str, width: int) -> Guess | None:
    """What an output may say; None where it is neither age nor gender."""
    said = seen.said
    labels = said.labels[place] if place < len(said.labels) else ()
    if len(labels) == width and (guess := _by_labels(labels)):
        return guess
    if width == 1:
        called = f"{name} {said.names[place] if place < len(said.names) else ''}".lower()
        return _single(called, path.stem.lower())
    if width == 2:
        return _softmax(width, 0, "  # check: which of the two is the woman?", ())
    bands = {
        len(ADIENCE): (ADIENCE, "argmax", "  # check: Adience's eight bands?"),
        FAIRFACE_BANDS: (BAND_MIDDLES, "expectation", "  # check: FairFace's nine bands?"),
    }
    if width in bands:
        return _ages(width, *bands[width])
    return _ages(width, (), "expectation") if 20 <= width <= LARGEST_AGE + 1 else None


def _by_labels(labels: Sequence[str]) -> Guess | None:
    """What the names of an output's classes say, where they are genders or ages."""
    genders, ages = [_gender(label) for label in labels], [_years(label) for label in labels]
    if sorted(map(str, genders)) == ["female", "male"]:
        return _softmax(2, genders.index("female"), "", labels)
    if len(labels) > 2 and None not in ages:
        return _ages(len(labels), [age for age in ages if age is not None], "argmax")
    return None


def _gender(label: str) -> str | None:
    word = label.lower()
    return "female" if word in _FEMALE else "male" if word in _MALE else None


def _years(label: str) -> float | None:
    found = _YEARS.fullmatch(label.strip())
    if found is None:
        return None
    first = float(found[1])
    middle = (first + float(found[2])) / 2 if found[2] else first
    return middle if middle <= LARGEST_AGE else None


def _single(called: str, file: str) -> Guess:
    """One value: a probability where something is called a gender, else years."""
    gender = any(word in called for word in _GENDER) or (
        any(word in file for word in _GENDER) and not any(word in called for word in _AGE)
    )
    if gender:
        lines = ['attribute = "gender"', 'kind = "probability"', "classes = 1",
                 'positive = "female"  # check: female or male',
                 "# logits = true  # where it ends before its sigmoid"]  # fmt: skip
        return Guess(lines, "gender")
    lines = ['attribute = "age"', 'kind = "regression"', "classes = 1",
             "# factor = 100  # check: where it says a share of 100 years"]  # fmt: skip
    return Guess(lines, "age")


def _softmax(width: int, index: int, remark: str, labels: Sequence[str]) -> Guess:
    named = _remark(f"  # {', '.join(labels)}") if labels else remark
    return Guess(
        ['attribute = "gender"', 'kind = "softmax"', f"classes = {width}", 'positive = "female"',
         f"positive_index = {index}{named}",
         "# logits = true  # where it ends before its softmax"],
        "gender",
    )  # fmt: skip


def _ages(width: int, values: Sequence[Any], kind: str, remark: str = "") -> Guess:
    lines = ['attribute = "age"', f'kind = "{kind}"', f"classes = {width}"]
    if values:
        lines.append(f"values = {[float(value) for value in values]}{remark}")
    else:
        lines.append(f"# values: 0 … {width - 1} years")
    return Guess([*lines, "# logits = true  # where it ends before its softmax"], "age")
