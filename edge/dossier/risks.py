"""Which risks a device's configuration leaves, and which measures hold them.

Likelihood and severity in the four steps of CNIL's Privacy Impact Assessment, Knowledge Bases
(February 2018): negligible, limited, significant, maximum. What is given here is where an
assessment begins; who is responsible confirms or changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from edge.notice.facts import Facts
from edge.notice.figures import rows_of
from edge.notice.sentences import When, always


class Step(IntEnum):
    """CNIL's four steps."""

    NEGLIGIBLE = 1
    LIMITED = 2
    SIGNIFICANT = 3
    MAXIMUM = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Measure:
    """A key of the texts, whether it is in force, and the claim of docs/privacy.md it rests on.

    `claim` is how that claim begins; empty where nothing but the configuration shows it.
    """

    key: str
    holds: When = always
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Risk:
    """A key of the texts, how bad it would be, how likely it is left, what is done against it."""

    key: str
    severity: Step
    likelihood: Callable[[Facts], Step]
    measures: Sequence[Measure]


K_SAFE = 5
"""From here on a table's groups describe no single visitor (docs/privacy.md, "Choose k")."""
EPSILON_SAFE, EPSILON_WEAK = 1.0, 3.0
"""A look at a noisy window changes the odds about a visit by a factor of e^ε at most: up to 3, up
to 20, or more, which hides little."""
MOMENT_S = 60.0
"""Exact windows shorter than this tell of the moment."""


def _picture(facts: Facts) -> Step:
    if facts.camera == "own":
        return Step.NEGLIGIBLE
    return Step.LIMITED if facts.encrypted else Step.SIGNIFICANT


def _singled_out(facts: Facts) -> Step:
    epsilon = facts.config.privacy.epsilon
    if facts.exact or (epsilon or 0.0) > EPSILON_WEAK:
        return Step.SIGNIFICANT
    if epsilon is not None:
        return Step.NEGLIGIBLE if epsilon <= EPSILON_SAFE else Step.LIMITED
    subtracted = facts.config.space.overlapping is not None
    return Step.NEGLIGIBLE if facts.k >= K_SAFE and not subtracted else Step.LIMITED


def _seen_live(facts: Facts) -> Step:
    if facts.live_exact or (facts.exact and facts.config.window_s < MOMENT_S):
        return Step.SIGNIFICANT
    return Step.LIMITED if facts.live_folded or facts.load_live else Step.NEGLIGIBLE


def _read_on_the_way(facts: Facts) -> Step:
    if (facts.local_broker or facts.config.mqtt.encrypted) and not facts.page_reachable:
        return Step.NEGLIGIBLE
    return max(Step.LIMITED, _singled_out(facts), _seen_live(facts))


def _stolen(facts: Facts) -> Step:
    """The card holds the way into a network camera, and may hold a recording."""
    told = Step.LIMITED if _singled_out(facts) is Step.SIGNIFICANT else Step.NEGLIGIBLE
    return max(told, Step.NEGLIGIBLE if facts.camera == "own" else Step.LIMITED)


def _steered(facts: Facts) -> Step:
    return Step.LIMITED if facts.requests else Step.NEGLIGIBLE


def _unaware(facts: Facts) -> Step:
    return Step.LIMITED if facts.operator.notice_url else Step.SIGNIFICANT


def _measured(facts: Facts) -> bool:
    """Whether there are figures by group of every network that estimates."""
    return all(rows_of(card) for card in facts.cards)


def _wrong(facts: Facts) -> Step:
    return Step.LIMITED if _measured(facts) else Step.SIGNIFICANT


def _limited(_: Facts) -> Step:
    return Step.LIMITED


def _negligible(_: Facts) -> Step:
    return Step.NEGLIGIBLE


NO_PICTURE = Measure("no_picture", claim="No module of the device can write")
FOLDED = Measure("folded", lambda facts: facts.folded, "No told table shows a group")
LEAST_WINDOW = Measure("least_window", lambda facts: facts.k > 1, "No window is shorter")
NOISE = Measure("noise", lambda facts: facts.noise, "With noise on, no exact number")

RISKS = (
    Risk("picture", Step.SIGNIFICANT, _picture, (
        NO_PICTURE,
        Measure("no_network", lambda facts: facts.camera == "own", "The process that sees has no"),
        Measure("encrypted_camera", lambda facts: facts.camera == "network" and facts.encrypted),
        Measure("no_dump", claim="A crash leaves no memory"),
        Measure("swap", claim="Whether frames may reach a disk"),
    )),
    Risk("recognised", Step.SIGNIFICANT, _negligible, (
        Measure("no_template", claim="Nothing is kept of who has left"),
        Measure("no_field", claim="A message has no field for a person"),
    )),
    Risk("singled_out", Step.LIMITED, _singled_out, (
        FOLDED,
        NOISE,
        Measure("roll_up", lambda facts: not facts.exact, "Windows of any hour or day"),
        LEAST_WINDOW,
    )),
    Risk("live", Step.LIMITED, _seen_live, (
        Measure("live_off", lambda facts: not facts.config.privacy.live and not facts.load_live),
        Measure("live_load", lambda facts: not facts.config.privacy.live and facts.load_live),
        Measure("live_folded", lambda facts: facts.live_folded, "The live state tells nothing"),
    )),
    Risk("read", Step.LIMITED, _read_on_the_way, (
        Measure("local_broker", lambda facts: facts.local_broker and not facts.page_reachable),
        Measure("tls", lambda facts: facts.config.mqtt.encrypted and not facts.local_broker),
        FOLDED,
        NOISE,
    )),
    Risk("stolen", Step.LIMITED, _stolen, (
        Measure("sums_only", claim="The database has no column"),
        Measure("no_history", lambda facts: not facts.history),
        Measure("passwords"),
        FOLDED,
        NOISE,
    )),
    Risk("steered", Step.LIMITED, _steered, (
        Measure("no_requests", lambda facts: not facts.requests),
        Measure("few_requests", lambda facts: bool(facts.requests)),
        LEAST_WINDOW,
        Measure("pause_heard", lambda facts: "pause" in facts.requests, "No flood of requests"),
        NO_PICTURE,
    )),
    Risk("wrong", Step.LIMITED, _wrong, (
        Measure("groups", _measured),
        Measure("corrected", lambda facts: facts.corrected),
        Measure("no_decision"),
    )),
    Risk("unaware", Step.LIMITED, _unaware, (
        Measure("notice"),
        Measure("second_layer", lambda facts: bool(facts.operator.notice_url)),
        Measure("pause", lambda facts: "pause" in facts.requests, "A privacy pause outlives"),
    )),
    Risk("creep", Step.SIGNIFICANT, _limited, (
        NO_PICTURE,
        Measure("digests"),
    )),
)  # fmt: skip
