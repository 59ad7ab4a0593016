"""Facts → the second layer: one HTML page that needs nothing from elsewhere, in some languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from edge.notice.catalogue import Catalogue
from edge.notice.facts import Facts
from edge.notice.figures import cells, rows_of
from edge.notice.sentences import PAGE, said
from edge.notice.sign import as_text
from edge.runtime.networks.card import Card

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""A browser that keeps to it loads nothing and runs nothing."""
STYLE = """
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 1.5rem auto;
       padding: 0 1rem; color: #111; background: #fff; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { border-bottom: 1px solid #767676; padding: .2rem .7rem .2rem 0; text-align: left; }
article + article { border-top: 2px solid #111; margin-top: 3rem; }
"""
SOURCES = (
    ("Regulation (EU) 2024/1689 (AI Act), Article 50(3)",
     "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"),
    ("Regulation (EU) 2016/679 (GDPR), Articles 11, 13, 14, 15–21",
     "https://eur-lex.europa.eu/eli/reg/2016/679/oj"),
    ("CNIL, 19 July 2022: Caméras dites « augmentées » dans les espaces publics",
     "https://www.cnil.fr/fr/cameras-dites-augmentees-dans-les-espaces-publics-la-position-de-la-cnil"),
)  # fmt: skip
"""What the texts were written after."""
COLUMNS = ("group", "number", "sex_right", "age_error", "age_bias")

Say = Callable[[str, str], str]


def page(facts: Facts, languages: Sequence[Catalogue]) -> str:
    """The page as a file's text."""
    root = ET.Element("html", {"lang": languages[0].language})
    head, body = ET.SubElement(root, "head"), ET.SubElement(root, "body")
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    ET.SubElement(head, "meta", {"name": "viewport", "content": "width=device-width"})
    ET.SubElement(head, "title").text = languages[0].word("headings", "title")
    ET.SubElement(head, "style").text = STYLE
    if len(languages) > 1:
        _choice(body, languages)
    for words in languages:
        _article(body, facts, words)
    return "<!DOCTYPE html>\n" + as_text(root, "html")


def _choice(body: ET.Element, languages: Sequence[Catalogue]) -> None:
    """Links to the languages."""
    links = ET.SubElement(body, "nav")
    for words in languages:
        link = ET.SubElement(links, "a", {"href": f"#{words.language}", "lang": words.language})
        link.text, link.tail = str(words.tables["language"]), " "


def _article(body: ET.Element, facts: Facts, words: Catalogue) -> None:
    """All of it in one language."""
    article = ET.SubElement(body, "article", {"id": words.language, "lang": words.language})
    say = words.sayer(facts)
    ET.SubElement(article, "h1").text = say("headings", "title")
    for heading, sentences in PAGE.items():
        keys = said(sentences, facts)
        if keys:
            ET.SubElement(article, "h2").text = say("headings", heading)
        for key in keys:
            ET.SubElement(article, "p", {"data-sentence": key}).text = say("page", key)
        if heading == "accuracy":
            for card in facts.cards:
                _figures(article, card, words)
                _terms(article, card, words)
    _sources(article)


def _figures(article: ET.Element, card: Card, words: Catalogue) -> None:
    """A network's figures by group, and its limits in its makers' words."""
    rows = rows_of(card)
    faces = next((row.faces for row in rows if row.group == "overall"), 0)
    values = {"network": card.name, "limits": card.limits,
              "faces": str(faces or max((row.faces for row in rows), default=0))}  # fmt: skip

    def tell(key: str) -> None:
        sentence = ET.SubElement(article, "p", {"data-sentence": key})
        sentence.text = words.word("page", key).format_map(values)

    tell("figures" if rows else "no_figures")
    if rows:
        table = ET.SubElement(article, "table")
        _row(table, "th", [words.word("table", column) for column in COLUMNS])
        for row in rows:
            _row(table, "td", cells(row, words))
    if card.limits:
        tell("limits")


def _terms(article: ET.Element, card: Card, words: Catalogue) -> None:
    """Under which licence a network is used, and what it learned from on what terms."""
    licence = card.licence
    values = {
        "network": card.name,
        "weights": licence.weights,
        "data": licence.training_data.rstrip("."),
        "weights_says": words.word("commercial", licence.weights_commercial),
        "data_says": words.word("commercial", licence.training_data_commercial),
    }
    sentence = ET.SubElement(article, "p", {"data-sentence": "terms"})
    sentence.text = words.word("page", "terms").format_map(values)


def _row(table: ET.Element, kind: str, texts: Sequence[str]) -> None:
    row = ET.SubElement(table, "tr")
    for text in texts:
        ET.SubElement(row, kind).text = text


def _sources(article: ET.Element) -> None:
    entries = ET.SubElement(article, "ul")
    for title, address in SOURCES:
        ET.SubElement(ET.SubElement(entries, "li"), "a", {"href": address}).text = title
