"""The page: needs nothing from elsewhere, obeys nobody's markup, tells the card's own figures."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from edge.notice.arguments import LANGUAGES
from edge.notice.catalogue import catalogue
from edge.notice.facts import Facts, facts_of
from edge.notice.figures import rows_of
from edge.notice.page import POLICY, SOURCES, page
from edge.runtime.networks.card import Card, read_card
from tests.notice.configurations import configured, texts
from tests.notice.reading import Page, page_of
from tests.shared import ROOT

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "nav", "a", "article", "h1", "h2", "p",
    "table", "tr", "th", "td", "ul", "li",
}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "href", "id", "data-sentence"}


def held_by(path: Path) -> dict:
    return json.loads(path.read_text())


def test_the_page_needs_nothing_from_elsewhere():
    """No element loads anything, nothing runs, and the browser is told so too."""
    text = page(facts_of(configured()), [catalogue(language) for language in LANGUAGES])
    found = Page(text)
    assert {tag for tag, _ in found.elements} <= ELEMENTS
    assert {name for _, attributes in found.elements for name in attributes} <= ATTRIBUTES
    assert "url(" not in text
    assert "@import" not in text
    policies = [a["content"] for _, a in found.elements if a.get("http-equiv")]
    assert policies == [POLICY]
    assert "default-src 'none'" in POLICY


def test_the_page_holds_every_language_that_was_asked_for():
    """An article each, marked as such, and links to them."""
    found = Page(page(facts_of(configured()), [catalogue(language) for language in LANGUAGES]))
    articles = [a["lang"] for tag, a in found.elements if tag == "article"]
    assert articles == list(LANGUAGES)
    links = [a["href"] for tag, a in found.elements if tag == "a" and a["href"].startswith("#")]
    assert links == [f"#{language}" for language in LANGUAGES]


def test_the_page_names_its_sources():
    """The AI Act, the GDPR and CNIL's position, with addresses."""
    found = page_of(configured())
    links = {a["href"] for tag, a in found.elements if tag == "a"}
    assert links == {address for _, address in SOURCES}
    titles = " ".join(title for title, _ in SOURCES)
    assert all(name in titles for name in ("2024/1689", "50(3)", "2016/679", "CNIL", "2022"))


@settings(max_examples=60, deadline=None)
@given(texts, texts)
def test_what_an_operator_writes_stays_text(name, retention):
    """No character of it becomes an element, an attribute or gets lost."""
    found = page_of(configured(operator={"name": name, "retention": retention}))
    assert {tag for tag, _ in found.elements} <= ELEMENTS
    assert name in found.sentences["who"]
    assert retention in found.sentences["retention"]


@pytest.mark.parametrize(
    "text", ["</p><script>alert(1)</script>", '"><img src=x onerror=y>', "<!--", "&lt;b&gt;", "{k}"]
)
def test_markup_of_an_operator_is_shown_not_obeyed(text):
    """As it was written."""
    found = page_of(configured(operator={"contact": text}))
    assert {tag for tag, _ in found.elements} <= ELEMENTS
    assert found.sentences["contact"].endswith(text)


@pytest.mark.parametrize("model", ["agender_64", "ssrnet_age_imdb", "ssrnet_gender_imdb"])
def test_the_figures_are_the_card_s_own_group_by_group(model):
    """Every group measured through a detector, in the card's order; its limits beside them."""
    card = held_by(ROOT / "models_tflite" / f"{model}.json")
    evidence = card["evidence"]["accuracy"]
    found = page_of(configured(estimator={"models": [model]}))
    measured = evidence.get("age", evidence.get("gender"))
    shown = found.rows[1:]
    assert len(shown) == len(measured)
    for (_, faces, right, error, bias), group in zip(shown, measured, strict=True):
        age, gender = (evidence.get(what, {}).get(group) for what in ("age", "gender"))
        assert faces == str((age or gender)["faces"])
        assert right == (f"{gender['accuracy'] * 100:.0f}" if gender else "–")
        assert error == (f"{age['error_years']:.1f}" if age else "–")
        if age and age["bias_years"] < -1:
            assert bias == f"{-age['bias_years']:.1f} years younger"
    assert str(measured["overall"]["faces"]) in found.sentences["figures"]
    assert card["limits"] in found.sentences["limits"]


@pytest.mark.parametrize(
    ("model", "says"), [("agender_64", "allowed"), ("ssrnet_age_imdb", "forbidden")]
)
def test_what_a_network_learned_from_is_told_and_on_what_terms(model, says):
    """Apart from the licence of its weights, as the card has both."""
    said = read_card(ROOT / "models_tflite" / f"{model}.json").licence
    told = page_of(configured(estimator={"models": [model]})).sentences["terms"]
    assert f"{said.weights}; commercial use: allowed. It learned from: " in told
    assert said.training_data.rstrip(".") in told
    assert told.endswith(f"by the terms of that data: {says}.")


def test_figures_are_told_in_the_language_s_numbers():
    """With a comma where it has one, and the groups by its words."""
    rows = page_of(configured(), "de").rows
    assert [row[0] for row in rows if row[0] in ("Frauen", "Männer")] == ["Frauen", "Männer"]
    assert not [row for row in rows[1:] if "." in row[3]]


@pytest.mark.parametrize(
    "evidence",
    [
        {}, {"accuracy": 3}, {"accuracy": {"age": "good"}}, {"accuracy": {"age": {"overall": 5}}},
        {"accuracy": {"age": {"overall": {"faces": "many"}}}}, {"held_out": {"gender": {}}},
    ],
)  # fmt: skip
def test_a_card_without_figures_says_so(evidence):
    """Whatever form its evidence has, for none is prescribed."""
    card = card_with(evidence)
    assert rows_of(card) == []
    found = Page(page(Facts(configured(), [card]), [catalogue("en")]))
    assert "no figures by group" in found.sentences["no_figures"]
    assert found.rows == []


def test_a_foreign_card_s_groups_are_told_by_their_own_names():
    """What no catalogue knows is shown as the card has it."""
    group = {"faces": 7, "accuracy": 0.5}
    card = card_with({"held_out": {"gender": {"<i>hats</i>": group}}})
    found = Page(page(Facts(configured(), [card]), [catalogue("fr")]))
    assert found.rows[1][:3] == ["<i>hats</i>", "7", "50"]


def card_with(evidence) -> Card:
    """A shipped card with other evidence."""
    card = read_card(ROOT / "models_tflite" / "agender_64.json")
    return msgspec.structs.replace(card, evidence=evidence)
