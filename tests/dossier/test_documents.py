"""Each document holds of the configuration that it was made from, whatever that is."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings

from edge.dossier import page
from edge.dossier.assessment import assessment
from edge.dossier.configuration import configuration, public
from edge.dossier.instructions import instructions
from edge.dossier.markdown import plain
from edge.dossier.networks import FREE, NOT_FREE, networks
from edge.dossier.record import record
from edge.notice.facts import facts_of
from edge.notice.sentences import PAGE
from edge.runtime.networks.licences import chain_of
from tests.notice.configurations import configurations, configured
from tests.notice.configurations import texts as lines_of_print

SECRET = "hunter2secret"
ALLOWED = {"html", "body", "h1", "h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr",
           "th", "td", "strong", "em", "code", "br", "a", "pre", "meta", "style"}  # fmt: skip


class Read(HTMLParser):
    """A page's text and the elements that are in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.elements = "", set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)

    def handle_data(self, data):
        self.text += data


@given(lines_of_print)
def test_what_an_operator_writes_is_shown_as_it_is(text):
    """No emphasis, link, list, heading, table or HTML comes of it."""
    pytest.importorskip("markdown_it", reason="needs the extra pdf")
    read = Read(page.html(plain(text)).partition("</style>")[2])
    assert read.text.strip() == " ".join(text.split("\n")).strip()
    assert read.elements <= {"p"}


def test_a_line_break_that_an_operator_writes_is_none():
    """Ours are, within a cell."""
    pytest.importorskip("markdown_it", reason="needs the extra pdf")
    assert "<br>" not in page.html(plain("a<br>b"))
    assert "a&lt;br&gt;b" in page.html(plain("a<br>b"))
    assert "a<br>b" in page.html("a<br>b")


@settings(max_examples=25)
@given(configurations)
def test_every_document_can_be_made_of_every_configuration(config):
    """And holds nothing but what Markdown and a page may hold."""
    pytest.importorskip("markdown_it", reason="needs the extra pdf")
    facts = facts_of(config)
    cards = list(chain_of(config))
    made = (record(facts), assessment(facts, {}), instructions(facts), networks(cards),
            configuration(config, cards))  # fmt: skip
    for text in made:
        assert "{" not in text.replace(plain("{"), "").partition("```")[0] or "{" in str(config)
        assert Read(page.html(text)).elements <= ALLOWED


def test_no_secret_of_a_camera_or_broker_is_in_any_document():
    """Nor in the configuration beside them; what the operator wrote is whole."""
    config = configured(
        source={"uri": f"rtsp://admin:{SECRET}@cam-7/{SECRET}"},
        mqtt={"username": SECRET},
        operator={
            "notice_url": "https://b.example/camera",
            "legal_basis": "see https://c.example/d",
        },
    )
    facts, cards = facts_of(config), list(chain_of(config))
    made = (record(facts), assessment(facts, {}), instructions(facts), configuration(config, cards))
    assert SECRET not in "".join(made)
    assert SECRET not in msgspec.json.encode(public(config)).decode()
    assert public(config).operator == config.operator
    assert public(config).source.uri == "rtsp://cam-7"


@pytest.mark.parametrize(("detector", "verdicts"), [("near", {FREE}), ("far", {FREE, NOT_FREE})])
def test_what_authors_grant_is_told_apart_from_what_the_data_s_terms_say(detector, verdicts):
    """For every network of the chain: stand-ins for processors and second looks too."""
    config = configured(detector={"model": detector})
    text = networks(chain_of(config))
    for card in chain_of(config):
        assert f"## `{card.name}`" in text
        assert plain(card.licence.weights) in text
        assert plain(card.licence.weights_grant) in text
        assert plain(card.licence.training_data) in text
        assert plain(card.licence.training_data_terms) in text
    assert {verdict for verdict in (FREE, NOT_FREE) if f"| so | {verdict} |" in text} == verdicts


def test_the_record_says_what_the_notice_says():
    """In the same words, which are tested against random configurations."""
    text = record(facts_of(configured(privacy={"k": 5})))
    assert "Of a time in which fewer than 5 people were counted nothing but their number" in text
    assert {"told", "retention"} <= set(PAGE)


@pytest.mark.parametrize(
    ("tables", "related"),
    [({}, True), ({"privacy": {"k": 5}}, False), ({"privacy": {"k": 5, "state": "exact"}}, True),
     ({"privacy": {"epsilon": 1.0}}, False)],
)  # fmt: skip
def test_sums_of_single_people_are_recorded_as_personal_data(tables, related):
    """As docs/privacy.md says where the law applies."""
    text = record(facts_of(configured(**tables)))
    assert ("may be of a single person, and is personal data then" in text) == related


@pytest.mark.parametrize(
    ("uri", "whose"), [("usb:0", "nobody"), ("rtsp://c/1", "whoever has access to the network"),
                       ("clip.mp4", "whoever has access to the recording")],
)  # fmt: skip
def test_who_has_pictures_is_recorded(uri, whose):
    """A recording is kept by somebody."""
    text = record(facts_of(configured(source={"uri": uri})))
    assert f"Of pictures: {whose}" in text
    assert "not told apart" not in text  # bands tell children


@settings(max_examples=40)
@given(configurations)
def test_instructions_speak_of_nothing_that_is_not_estimated_or_obeyed(config):
    """Of age only where age is estimated, of a pause only where it is heard."""
    facts = facts_of(config)
    made_for = instructions(facts).partition("## (b) What it is made for")[2].partition("Here:")[0]
    text = instructions(facts).partition("## (b) What it cannot do")[2]
    assert ("age band" in made_for) == ("age" in facts.estimated)
    assert ("sex" in made_for) == ("Sex is told" in text) == ("gender" in facts.estimated)
    assert ("Ages of children" in text) == ("age" in facts.estimated)
    assert ("Pause the camera" in text) == ("pause" in facts.requests)
    assert ("take the unknown to be like the others" in text) == facts.corrected
    assert ("Corrected sums (`est_…`) assume" in instructions(facts)) == facts.corrected


def test_every_broker_of_a_list_is_a_recipient():
    """One that is used only while others are away has readers too; no path is told."""
    mqtt = {"host": "localhost", "tls": True, "fallback": ["wss://far.example/x?token=1"]}
    text = record(facts_of(configured(mqtt=mqtt)))
    assert "who reads the broker `localhost`, `far.example`" in text
    assert "where the broker `localhost`, `far.example` and its readers are" in text
    assert "token" not in text
    assert "None by this program" not in text
