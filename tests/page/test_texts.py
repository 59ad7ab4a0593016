"""The catalogue: the same keys and values in every language, each of them said somewhere."""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import edge.page
from edge.page.now import VIEW
from edge.page.words import LANGUAGES, TEXTS, words_of
from edge.report.columns import GENDERS
from edge.report.coverage import Looked
from edge.report.figures import NOTES, Figures
from edge.report.period import KINDS

FOLDER = Path(edge.page.__file__).parent
NAMES = {each: tomllib.loads((TEXTS / f"{each}.toml").read_text()) for each in LANGUAGES}


BEGINS = ("aim", "view", "share", "note", "beside", "band", "said", "line", "file", "do", "by")
"""Of keys that are put together."""


def values(text: object) -> set[str]:
    """What stands in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_language_says_all_that_english_does(language: str) -> None:
    """With the same values, and in words of its own."""
    english, other = NAMES["en"], NAMES[language]
    assert list(other) == list(english)
    for key, text in english.items():
        assert values(other[key]) == values(text), key
        assert other[key], key
    same = [key for key in english if other[key] == english[key]]
    assert len(same) < len(english) / 10, same


def test_each_text_is_said_somewhere_and_none_is_missing() -> None:
    """Whichever is named in the code, by its whole name or by what it begins with."""
    code = "\n".join(file.read_text() for file in FOLDER.glob("*.py"))
    whole = set(re.findall(r"[\"']([a-z_]+)[\"']", code)) | {*KINDS, *GENDERS}
    begins = tuple(f"{each}_" for each in BEGINS)
    unsaid = [key for key in NAMES["en"] if key not in whole and not key.startswith(begins)]
    assert unsaid == []
    for key in re.findall(r"words\([\"']([a-z_]+)[\"']", code):
        assert words_of("en").knows(key), key


def test_what_the_report_can_say_is_there() -> None:
    """Notes, shares that are not known, troubles of the view."""
    words = words_of("en")
    shares = Figures(Counter({"zone_a_people": 1, "line_a_in": 1}), Looked(0, None)).shares
    assert all(words.knows(f"share_{key}") for key in shares)
    assert all(words.knows(f"note_{key}") for key in NOTES if key)
    assert all(words.knows(f"view_{flag}") for flag in VIEW)
    assert all(words.knows(key) for key in KINDS)


def test_the_page_tells_shares_as_reports_do_with_the_language_s_decimal_sign() -> None:
    shares = (None, 0, 0.0003, 0.0423, 0.4, 0.9954, 0.9997, 1)
    told = [words_of("de").percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in shares]
    assert told == ["–", "0 %", "< 0,1 %", "4,2 %", "40 %", "99,5 %", "> 99,9 %", "100 %"]
