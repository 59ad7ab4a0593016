"""The assessment: how likely a risk is by the configuration, and what is done against it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from edge.config.tables import Config
from edge.dossier import risks
from edge.dossier.assessment import assessment, texts
from edge.dossier.evidence import claims
from edge.dossier.risks import RISKS, Step
from edge.notice.facts import facts_of
from tests.notice.configurations import configurations, configured

CORNERS = [[0.1, 0.1], [0.4, 0.1], [0.1, 0.4]]
TWICE = [{"name": name, "polygon": CORNERS} for name in ("a", "b")]
PAGE_FOR_ALL = {"port": 9100, "address": "0.0.0.0"}


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
    passed, number = dict.fromkeys(claim.tests, "passed"), len(claim.tests)
    assert f"{text} Shown by {number} tests that passed." in assessment(facts, passed)
    some = passed | {claim.tests[0]: "failed"}
    not_shown = f"{text} **Not shown by this dossier:** of {number} tests that would show it"
    assert f"{not_shown} 1 failed, {number - 1} passed." in assessment(facts, some)
    assert f"{not_shown} {number} not run." in assessment(facts, {})


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
