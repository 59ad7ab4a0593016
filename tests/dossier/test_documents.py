"""Each document holds of the configuration that it was made from, whatever that is."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings

from edge.config.tables import Config
from edge.dossier import page, risks
from edge.dossier.assessment import assessment, texts
from edge.dossier.configuration import configuration, public
from edge.dossier.evidence import claims
from edge.dossier.instructions import CORRECTED, instructions
from edge.dossier.markdown import plain
from edge.dossier.networks import FREE, NOT_FREE, networks
from edge.dossier.persons import persons
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


CORNERS = [[0.1, 0.1], [0.4, 0.1], [0.1, 0.4]]
TWICE = [{"name": name, "polygon": CORNERS} for name in ("a", "b")]
PAGE_FOR_ALL = {"port": 9100, "address": "0.0.0.0"}


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
        ({"privacy": {"epsilon": 2.0}}, "singled_out", Step.LIMITED),
        ({"privacy": {"epsilon": 20.0}}, "singled_out", Step.SIGNIFICANT),
        ({"privacy": {"k": 5}, "space": {"zones": TWICE}}, "singled_out", Step.LIMITED),
        ({"privacy": {"state": "off"}}, "live", Step.LIMITED),  # health tells of work
        ({"privacy": {"epsilon": 1.0}}, "live", Step.NEGLIGIBLE),
        ({"privacy": {"state": "off"}, "window": {"length_s": 1}}, "live", Step.SIGNIFICANT),
        ({"privacy": {"state": "off", "k": 5}}, "live", Step.NEGLIGIBLE),
        ({}, "read", Step.NEGLIGIBLE),
        ({"metrics": PAGE_FOR_ALL, "privacy": {"k": 5}}, "read", Step.LIMITED),
        ({"metrics": PAGE_FOR_ALL, "mqtt": {"host": "hub", "tls": True}}, "read",
         Step.SIGNIFICANT),
        ({"metrics": {"port": 9100}}, "read", Step.NEGLIGIBLE),
        ({"mqtt": {"host": "hub"}, "privacy": {"k": 5, "state": "exact"}}, "read",
         Step.SIGNIFICANT),
        ({"privacy": {"k": 5}}, "stolen", Step.NEGLIGIBLE),
        ({"source": {"uri": "rtsps://cam/1"}, "privacy": {"k": 5}}, "stolen", Step.LIMITED),
        ({"source": {"uri": "clip.mp4"}, "privacy": {"k": 5}}, "stolen", Step.LIMITED),
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
        assert plain(card.licence.weights_grant) in text
        assert plain(card.licence.training_data) in text
        assert plain(card.licence.training_data_terms) in text
    assert {verdict for verdict in (FREE, NOT_FREE) if f"| so | {verdict} |" in text} == verdicts


def test_how_right_the_estimates_are_is_told_by_group_with_intervals():
    """As in the card: 33 faces of 70 and more, 32 right, is 85 to 99 of 100."""
    text = instructions(facts_of(configured()))
    assert "| 70+ | 33 | 97 (85–99) | 7.1 (4.9–9.2) | 6.8 years younger |" in text
    assert "| Black | 536 | 85 (82–88) | 5.9 |" in text


PERSONS = {
    "simulated": "each person is a picture.",
    "columns": ["people", "sex_told", "sex_right", "sex_right_low", "sex_right_high",
                "age_told", "years_off", "years_off_low", "years_off_high", "bias_years"],
    "data": {
        "faces.zip": {
            "people": 60, "not_found": 2,
            "groups": {
                "overall": [50, 45, 0.9, 0.82, 0.95, 48, 5.5, 5.1, 5.9, -1.0],
                "<b>": [10, 0, None, None, None, 0, None, None, None, None],
            },
        }
    },
}  # fmt: skip


def with_persons(found):
    """A shipped card with these figures of persons."""
    (card,) = facts_of(configured()).cards
    return msgspec.structs.replace(card, evidence={**card.evidence, "persons": found})


def test_persons_are_told_beside_crops_with_intervals_and_as_simulated():
    """Shares by Wilson, years by the bootstrap; a dash where nothing was measured."""
    text = "\n".join(persons(with_persons(PERSONS)))
    assert "persons instead of crops" in text and "60 found, 2 not" in text
    assert "Simulated: each person is a picture. Nobody walked before a camera" in text
    assert "| all | 50 | 90 (82 to 95) | 90 | 5.5 (5.1 to 5.9) | −1.0 |" in text
    assert r"| \<b\> | 10 | – | 0 | – | – |" in text


ROW = {"groups": {"overall": [1] * 9}}


@pytest.mark.parametrize(
    "found",
    [3, {}, {"data": 5}, {"data": {"a": 5}}, PERSONS | {"columns": 7}, PERSONS | {"data": ROW},
     PERSONS | {"data": {"a": ROW}}, PERSONS | {"data": {"a": {"groups": {"b": ["many"] * 10}}}}],
)  # fmt: skip
def test_persons_of_another_form_are_left_out(found):
    """A card's evidence has none that is prescribed."""
    assert list(persons(with_persons(found))) == []


def test_the_shipped_network_has_figures_of_persons():
    """By `python -m benchmarks.persons`, of the held-out faces and of heads."""
    text = instructions(facts_of(configured()))
    assert text.count("persons instead of crops") == 2
    assert "Nobody walked before a camera for it" in text


@pytest.mark.parametrize(("privacy", "said"), [({}, True), ({"epsilon": 1.0}, False)])
def test_what_corrected_counts_assume_is_said_where_there_are_any(privacy, said):
    """One assumption a line."""
    text = instructions(facts_of(configured(privacy=privacy)))
    for sentence in CORRECTED:
        assert (f"- {sentence}\n" in text) == said


def test_the_record_says_what_the_notice_says():
    """In the same words, which are tested against random configurations."""
    text = record(facts_of(configured(privacy={"k": 5})))
    assert "Of a time in which fewer than 5 people were counted nothing but their number" in text
    assert {"told", "retention"} <= set(PAGE)


def measures(key, **tables):
    """What an assessment says is done against a risk."""
    facts = facts_of(configured(**tables))
    chapter = assessment(facts, {}).partition(f"### {texts()['risks'][key]}")[2]
    return chapter.partition("\n### ")[0]


def test_a_measure_is_shown_only_by_tests_that_passed():
    """Otherwise it is said that the dossier does not show it."""
    [claim] = [claim for claim in claims() if claim.text.startswith("A crash leaves no memory")]
    facts = facts_of(configured())
    text = "A crash leaves no memory of the program on a disk."
    passed = dict.fromkeys(claim.tests, "passed")
    assert f"{text} Shown by 3 tests that passed." in assessment(facts, passed)
    some = passed | {claim.tests[0]: "failed"}
    not_shown = f"{text} **Not shown by this dossier:** of 3 tests that would show it"
    assert f"{not_shown} 1 failed, 2 passed." in assessment(facts, some)
    assert f"{not_shown} 3 not run." in assessment(facts, {})


def test_requests_are_told_as_they_are_obeyed():
    """None that is refused, and of a pause only where it is heard."""
    text = measures("steered", commands={"verbs": ["identify"]})
    assert "these requests and no others: say which device it is. None" in text
    assert "A pause is heard" not in text
    statistics = measures("steered", privacy={"profile": "none", "k": 10},
                          commands={"verbs": ["pause", "resume"]})  # fmt: skip
    assert "these requests and no others: pause, resume. None" in statistics
    assert "A pause is heard" in statistics


def test_a_page_that_others_reach_is_no_local_broker():
    """Figures cross the network then."""
    assert "nothing crosses a network" in measures("read", metrics={"port": 9100})
    assert "nothing crosses a network" not in measures("read", metrics=PAGE_FOR_ALL)


def test_with_k_1_a_quiet_device_still_tells_that_somebody_is_there():
    """By its load (docs/privacy.md, "What this does not protect against")."""
    assert "whether anybody is there" in measures("live", privacy={"state": "off"})
    assert "whether anybody is there" not in measures("live", privacy={"state": "off", "k": 2})


def test_figures_that_are_not_on_record_are_no_measure(monkeypatch):
    """A network that was imported may have none."""
    assert "is measured by age band and sex" in measures("wrong")
    monkeypatch.setattr(risks, "rows_of", lambda card: [])
    assert "is measured by age band and sex" not in measures("wrong")
    assert "Likelihood that is left: significant" in measures("wrong")


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
