"""Anybody's own pictures: gender and age are words of the folders' or the files' names.

`female/34/anna.jpg`, `20-29/male/0001.png`, `woman_8/x.jpg`, `34_f_0017.jpg` and the like; a
pattern of one's own reads everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from converters.datasets.places import Places
from converters.datasets.rows import (
    Age,
    Dropped,
    Labels,
    Row,
    Terms,
    Wishes,
    age_in_range,
    band_holding,
)
from converters.errors import ConvertError
from converters.labels import BANDS
from edge.runtime.capture.folder import SUFFIXES

TERMS = Terms(
    "own pictures",
    "not stated: you know where your pictures come from and what the people on them agreed to",
    False,
    "not stated",
    "",
)
WANTS = "a folder, ZIP or tar whose folders or files are named by gender and age"
GENDERS = {
    **dict.fromkeys(("female", "f", "woman", "women", "girl", "girls"), True),
    **dict.fromkeys(("male", "m", "man", "men", "boy", "boys"), False),
}
_WORDS = re.compile(r"[/_\s,.()\[\]]+")
_YEARS = re.compile(r"(\d{1,3})(?:y|yo|yrs|years)?")
_RANGE = re.compile(r"(\d{1,2})-(\d{1,3})")
_OLDER = re.compile(r"(\d{2})\+")
Judge = Callable[[str], tuple[bool | None, Age | None]]


def parse(places: Places, wishes: Wishes) -> Labels:
    """Every picture in the folder and those below."""
    judge = _by_pattern(wishes.pattern) if wishes.pattern else judged
    pictures = places.files(lambda name: name[name.rfind(".") :].lower() in SUFFIXES)
    if not pictures:
        raise ConvertError(f"there is no picture: what is wanted is {WANTS}")
    for file in pictures:
        female, age = judge(file.name)
        if female is None:
            yield Dropped(file.name, "name without gender")
        elif age is None:
            yield Dropped(file.name, "name without age")
        else:
            yield Row(file.name, file.name, female, age)


def judged(path: str) -> tuple[bool | None, Age | None]:
    """The first word that is a gender and the first that is an age, folders before the file.

    None where there is no such word.
    """
    words = list(_words(path.lower()))
    genders = (GENDERS[word] for word in words if word in GENDERS)
    ages = (age for word in words if (age := age_word(word)))
    return next(genders, None), next(ages, None)


def _words(path: str) -> Iterator[str]:
    """The words of a path; a dash parts them, except in 20-29."""
    for word in _WORDS.split(path):
        if _RANGE.fullmatch(word):
            yield word
        else:
            yield from word.split("-")


def age_word(word: str) -> Age | None:
    """'34', '34y', '20-29', '70+' → an age; None for another word, or for 9999."""
    if word in BANDS:
        return Age(band=word)
    older, band, single = (p.fullmatch(word) for p in (_OLDER, _RANGE, _YEARS))
    if older:
        return Age(band="70+") if int(older[1]) >= 70 else None
    if band:
        first, last = int(band[1]), int(band[2])
        held = band_holding(first, last) if first <= last <= 122 else ""
        return Age(band=held) if held else None
    years = age_in_range(single[1]) if single else None
    return None if years is None else Age(years)


def _by_pattern(text: str) -> Judge:
    """A regular expression with the groups `gender` and `age`, searched for in the path."""
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ConvertError(f"--pattern is no regular expression: {error}") from error
    if not {"gender", "age"} <= set(pattern.groupindex):
        raise ConvertError(
            "--pattern needs the groups gender and age, as in "
            r"'(?P<gender>female|male)/(?P<age>\d+)'"
        )

    def judge(path: str) -> tuple[bool | None, Age | None]:
        found = pattern.search(path)
        if found is None:
            return None, None
        return GENDERS.get(found["gender"].lower()), age_word(found["age"].lower())

    return judge
