"""The catalogues: the same texts in every language, all of them used, with their sources."""

from __future__ import annotations

import re
import string

import pytest

from edge.notice.arguments import LANGUAGES
from edge.notice.catalogue import TEXTS, catalogue
from edge.notice.sentences import LEAD, PAGE, SIGN
from edge.privacy.presence import in_view
from tests.notice.configurations import configured
from tests.notice.reading import page_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts(language):
    """Same tables, same keys, same values in braces; so no sentence is silent of a number."""
    english, other = catalogue("en").tables, catalogue(language).tables
    assert set(english) == set(other)
    for table in (name for name, held in english.items() if isinstance(held, dict)):
        assert list(english[table]) == list(other[table])
        for key, text in english[table].items():
            assert braces(text) == braces(other[table][key]), (table, key)


def braces(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_text_is_left_unused():
    """Every sentence of the catalogue is said somewhere, and every one said is in it."""
    tables = catalogue("en").tables
    page = {s.key for sentences in PAGE.values() for s in sentences}
    assert set(tables["page"]) == page | {"figures", "no_figures", "limits", "terms"}
    assert set(tables["sign"]) == {s.key for s in SIGN}
    assert set(tables["lead"]) == {s.key for s in LEAD}
    assert set(tables["headings"]) == {"title", *PAGE}


FACING = {"en": "face the camera", "de": "zur Kamera blicken", "fr": "regardent vers la caméra",
          "es": "miran hacia la cámara"}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("privacy", "key"),
    [
        ({"k": 1}, "live_exact"), ({"k": 5, "state": "exact"}, "live_exact"),
        ({"k": 5}, "live_folded"),
    ],
)  # fmt: skip
def test_that_the_state_tells_who_faces_the_camera_is_told(language, privacy, key):
    """Wherever `attending` of a state may be a number, in every language."""
    config = configured(privacy=privacy)
    assert in_view(config.privacy, 20, 10) == (20, 10)
    assert FACING[language] in page_of(config, language).sentences[key]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_names_its_sources_and_is_no_advice(language):
    """For whoever edits it, and on the page itself."""
    text = (TEXTS / f"{language}.toml").read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines() if line.startswith("#"))
    assert re.search(r"2024/1689.*50.*2016/679.*CNIL.*2022", head, re.DOTALL)
    made = {"en": "no legal advice", "de": "keine Rechtsberatung",
            "fr": "non un conseil juridique", "es": "no un asesoramiento jurídico"}  # fmt: skip
    assert made[language] in page_of(configured(), language).sentences["made"]
