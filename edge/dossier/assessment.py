"""Facts → a data-protection impact assessment (GDPR, Article 35(7))."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from edge.dossier.evidence import Outcomes, claims, outcome
from edge.dossier.markdown import document, entries, plain, table
from edge.dossier.risks import RISKS, Measure, Risk
from edge.dossier.told import NO_ADVICE, OPEN, given, told
from edge.notice.catalogue import catalogue, values_of
from edge.notice.facts import Facts
from edge.output import some

SOURCE = (
    "Steps of likelihood and severity: CNIL, Privacy Impact Assessment, Knowledge Bases (February "
    "2018). They are where the assessment begins; who is responsible confirms or changes them."
)
PROPORTIONATE = (
    "Why counting by hand, a light barrier or a ticket system would not do.",
    "Why age or sex is needed, where they are estimated: `estimator.models` can be narrowed.",
    "Why this camera, height and angle; what of the surroundings it does not have to see "
    "(`source.region`, zones that exclude).",
    "When it has to look: opening hours, days, for how many weeks.",
)


def assessment(facts: Facts, outcomes: Outcomes) -> str:
    """The document."""
    return document(
        "Impact assessment",
        f"After Article 35(7) of the GDPR. {NO_ADVICE}",
        "## (a) What is done, and why",
        table(("", ""), _who(facts)),
        told(facts, "happens", "pictures", "told", "places", "control", "retention"),
        "## (b) Whether it is necessary and proportionate",
        entries(OPEN + question for question in PROPORTIONATE),
        told(facts, "rights"),
        "## (c) Risks to people, and (d) what is done against them",
        SOURCE,
        *(_chapter(risk, facts, outcomes) for risk in RISKS),
        "## In short",
        table(("risk", "severity", "likelihood that is left"), _summary(facts)),
        "## Decision",
        entries(OPEN + asked for asked in (
            "advice of the data-protection officer (Article 35(2)), with date",
            "views of data subjects or their representatives, or why they were not sought (35(9))",
            "whether a high risk is left, so that the authority is consulted (Article 36)",
            "who decided, when, and when it is looked at again",
        )),
    )  # fmt: skip


def _who(facts: Facts) -> Iterable[tuple[str, str]]:
    operator = facts.operator
    yield "responsible", f"{plain(operator.name.strip())}; {plain(operator.contact.strip())}"
    yield "purpose", plain(operator.purpose.strip())
    yield "legal basis", given(operator.legal_basis, "`operator.legal_basis`")
    yield "device", plain(f"{facts.config.device.site}/{facts.config.device.name}")


def _chapter(risk: Risk, facts: Facts, outcomes: Outcomes) -> str:
    held = [measure for measure in risk.measures if measure.holds(facts)]
    return "\n\n".join((
        f"### {_text('risks', risk.key, facts)}",
        f"Severity: {risk.severity}. Likelihood that is left: {risk.likelihood(facts)}.",
        entries(_measure(measure, facts, outcomes) for measure in held).rstrip("\n")
        or "No measure of this configuration is against it.",
    ))  # fmt: skip


def _measure(measure: Measure, facts: Facts, outcomes: Outcomes) -> str:
    """A measure and, where tests show it, how those ended."""
    text = _text("measures", measure.key, facts)
    if not measure.claim:
        return text
    claim = next(held for held in claims() if held.text.startswith(measure.claim))
    ended = Counter(outcome(test, outcomes) for test in claim.tests)
    number = some(len(claim.tests), "test")
    if set(ended) == {"passed"}:
        return f"{text} Shown by {number} that passed."
    told = ", ".join(f"{count} {how}" for how, count in sorted(ended.items()))
    return f"{text} **Not shown by this dossier:** of {number} that would show it {told}."


def _summary(facts: Facts) -> Iterable[tuple[str, str, str]]:
    for risk in RISKS:
        yield _text("risks", risk.key, facts), str(risk.severity), str(risk.likelihood(facts))


def _text(kind: str, key: str, facts: Facts) -> str:
    values = {name: plain(value) for name, value in values_of(facts, catalogue("en")).items()}
    return str(texts()[kind][key]).format_map(values)


@cache
def texts() -> Mapping[str, Any]:
    """What the assessment says, by kind and key."""
    path = Path(__file__).parent / "texts" / "risks.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
