"""Each document holds of the configuration that it was made from, whatever that is."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings

from edge.config.tables import Config
from edge.dossier import page
from edge.dossier.assessment import assessment, texts
from edge.dossier.configuration import configuration, public
from edge.dossier.evidence import claims
from edge.dossier.instructions import instructions
from edge.dossier.markdown import plain
from edge.dossier.networks import FREE, NOT_FREE, networks
from edge.dossier.record import record
from edge.dossier.risks import RISKS, Step
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


@settings(max_examples=60)
@given(configurations)
def test_a_risk_is_never_told_as_smaller_where_less_is_done_against_it(config):
    """The same device without folding, noise, encryption and quiet about the moment."""
    bare = msgspec.to_builtins(config)
    bare["privacy"] |= {"k": 1, "epsilon": None, "state": "exact"}
    bare["privacy"].pop("profile")
    bare["mqtt"]["tls"] = False
    weaker = msgspec.convert(bare, Config)
    for risk in RISKS:
        assert risk.likelihood(facts_of(weaker)) >= risk.likelihood(facts_of(config)), risk.key


@pytest.mark.parametrize(
    ("tables", "key", "likelihood"),
    [
        ({}, "picture", Step.NEGLIGIBLE),
        ({"source": {"uri": "rtsps://cam/1"}}, "picture", Step.LIMITED),
        ({"source": {"uri": "rtsp://cam/1"}}, "picture", Step.SIGNIFICANT),
        ({}, "singled_out", Step.SIGNIFICANT),
        ({"privacy": {"k": 2}}, "singled_out", Step.LIMITED),
        ({"privacy": {"k": 5}}, "singled_out", Step.NEGLIGIBLE),
        ({"privacy": {"epsilon": 1.0}}, "singled_out", Step.NEGLIGIBLE),
        ({}, "live", Step.SIGNIFICANT),
        ({"privacy": {"k": 5}}, "live", Step.LIMITED),
        ({"privacy": {"state": "off"}}, "live", Step.NEGLIGIBLE),
        ({"mqtt": {"host": "hub"}}, "read", Step.SIGNIFICANT),
        ({"mqtt": {"host": "hub"}, "privacy": {"k": 5}}, "read", Step.LIMITED),
        ({"mqtt": {"host": "hub", "tls": True}}, "read", Step.NEGLIGIBLE),
        ({"commands": {"enabled": False}}, "steered", Step.NEGLIGIBLE),
        ({}, "unaware", Step.SIGNIFICANT),
        ({"operator": {"notice_url": "https://b.example"}}, "unaware", Step.LIMITED),
    ],
)  # fmt: skip
def test_what_is_left_of_a_risk_follows_from_the_configuration(tables, key, likelihood):
    """As docs/privacy.md argues."""
    [risk] = [risk for risk in RISKS if risk.key == key]
    assert risk.likelihood(facts_of(configured(**tables))) is likelihood


def test_every_measure_that_rests_on_a_claim_names_exactly_one():
    """By how the claim begins in docs/privacy.md; otherwise an assessment would rest on nothing."""
    begins = [measure.claim for risk in RISKS for measure in risk.measures if measure.claim]
    assert len(begins) > 10
    for begin in begins:
        assert sum(claim.text.startswith(begin) for claim in claims()) == 1, begin


def test_every_risk_and_measure_has_its_text_and_no_text_is_left_over():
    """What nobody says is dead."""
    assert {risk.key for risk in RISKS} == set(texts()["risks"])
    assert {m.key for risk in RISKS for m in risk.measures} == set(texts()["measures"])


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
        assert plain(card.licence.training_data) in text
    assert {verdict for verdict in (FREE, NOT_FREE) if f"| so | {verdict} |" in text} == verdicts


def test_how_right_the_estimates_are_is_told_by_group_with_intervals():
    """As in the card: 33 faces of 70 and more, 32 right, is 85 to 99 of 100."""
    text = instructions(facts_of(configured()))
    assert "| 70+ | 33 | 97 (85–99) | 7.1 | 6.8 years younger |" in text
    assert "| Black | 536 | 85 (82–88) | 5.9 |" in text


def test_the_record_says_what_the_notice_says():
    """In the same words, which are tested against random configurations."""
    text = record(facts_of(configured(privacy={"k": 5})))
    assert "Of a time in which fewer than 5 people were counted nothing but their number" in text
    assert {"told", "retention"} <= set(PAGE)
