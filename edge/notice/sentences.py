"""Which sentence is said when: facts → keys of the catalogue, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from edge.notice.facts import Facts

When = Callable[[Facts], bool]

BOTH, AGE, GENDER = frozenset(("age", "gender")), frozenset(("age",)), frozenset(("gender",))


class Sentence(NamedTuple):
    """A key of the catalogue, and whether it holds of a device."""

    key: str
    holds: When


def always(_: Facts) -> bool:
    """Of every device."""
    return True


def estimating(attributes: frozenset[str]) -> When:
    """Where just these are estimated."""
    return lambda facts: facts.estimated == attributes


def _seen_by(camera: str) -> When:
    return lambda facts: facts.camera == camera


LEAD = (
    Sentence("lead_counts", always),
    Sentence("lead_both", estimating(BOTH)),
    Sentence("lead_age", estimating(AGE)),
    Sentence("lead_gender", estimating(GENDER)),
)
"""What is read from far."""

SIGN = (
    Sentence("sign_who", always),
    Sentence("sign_contact", always),
    Sentence("sign_purpose", always),
    Sentence("sign_basis", lambda facts: bool(facts.operator.legal_basis)),
    Sentence("sign_both", estimating(BOTH)),
    Sentence("sign_age", estimating(AGE)),
    Sentence("sign_gender", estimating(GENDER)),
    Sentence("sign_pictures_own", _seen_by("own")),
    Sentence("sign_pictures_network", _seen_by("network")),
    Sentence("sign_pictures_recording", _seen_by("recording")),
    Sentence("sign_exact", lambda facts: facts.exact),
    Sentence("sign_folded", lambda facts: facts.folded),
    Sentence("sign_noise", lambda facts: facts.noise),
    Sentence("sign_rights", always),
    Sentence("sign_more", lambda facts: bool(facts.operator.notice_url)),
    Sentence("sign_more_contact", lambda facts: not facts.operator.notice_url),
)

PAGE: Mapping[str, Sequence[Sentence]] = {
    "responsible": (
        Sentence("who", always),
        Sentence("contact", always),
        Sentence("purpose", always),
        Sentence("basis", lambda facts: bool(facts.operator.legal_basis)),
    ),
    "happens": (
        Sentence("estimate_both", estimating(BOTH)),
        Sentence("estimate_age", estimating(AGE)),
        Sentence("estimate_gender", estimating(GENDER)),
        Sentence("bands", lambda facts: "age" in facts.estimated),
        Sentence("sexes", lambda facts: "gender" in facts.estimated),
    ),
    "pictures": (
        Sentence("camera_own", _seen_by("own")),
        Sentence(
            "camera_network_encrypted", lambda facts: facts.camera == "network" and facts.encrypted
        ),
        Sentence(
            "camera_network_plain", lambda facts: facts.camera == "network" and not facts.encrypted
        ),
        Sentence("camera_recording", _seen_by("recording")),
        Sentence("no_picture", always),
        Sentence("nobody", always),
    ),
    "told": (
        Sentence("window", always),
        Sentence("window_request", lambda facts: "window" in facts.requests),
        Sentence("people_exact", lambda facts: not facts.noise),
        Sentence("exact", lambda facts: facts.exact),
        Sentence("folded", lambda facts: facts.folded),
        Sentence("noise", lambda facts: facts.noise),
        Sentence("noise_folded", lambda facts: facts.noise and facts.k > 1),
        Sentence("joint", lambda facts: facts.estimated == BOTH and not facts.noise),
        Sentence("corrected", lambda facts: facts.corrected),
        Sentence("means", lambda facts: facts.exact),
        Sentence("means_folded", lambda facts: facts.folded),
        Sentence("live_exact", lambda facts: facts.live_exact),
        Sentence("live_folded", lambda facts: facts.live_folded),
        Sentence("live_off", lambda facts: not facts.config.privacy.live),
        Sentence("health", always),
        Sentence("broker_here", lambda facts: facts.local_broker),
        Sentence(
            "broker_encrypted", lambda facts: facts.config.mqtt.encrypted and not facts.local_broker
        ),
        Sentence(
            "broker_plain", lambda facts: not facts.config.mqtt.encrypted and not facts.local_broker
        ),
        Sentence("metrics", lambda facts: facts.serves_page),
    ),
    "places": (
        Sentence("region", lambda facts: facts.partial),
        Sentence("included", lambda facts: bool(facts.zones("include"))),
        Sentence("excluded", lambda facts: bool(facts.zones("exclude"))),
        Sentence("zones", lambda facts: bool(facts.zones("count")) and facts.exact),
        Sentence("zones_folded", lambda facts: bool(facts.zones("count")) and facts.folded),
        Sentence("lines", lambda facts: bool(facts.lines) and facts.exact),
        Sentence("lines_folded", lambda facts: bool(facts.lines) and facts.folded),
        Sentence("places_untold", lambda facts: bool(facts.config.space.keys) and facts.noise),
    ),
    "control": (
        Sentence("pause", lambda facts: "pause" in facts.requests),
        Sentence("no_pause", lambda facts: "pause" not in facts.requests),
        Sentence("requests", lambda facts: bool(facts.requests)),
        Sentence("no_requests", lambda facts: not facts.requests),
    ),
    "retention": (
        Sentence("memory", always),
        Sentence("still", always),
        Sentence("outbox", always),
        Sentence("totals", lambda facts: not facts.noise),
        Sentence("history", lambda facts: facts.history),
        Sentence("history_noise", lambda facts: facts.history and facts.noise),
        Sentence("no_history", lambda facts: not facts.history),
        Sentence("retention", lambda facts: bool(facts.operator.retention)),
    ),
    "rights": (
        Sentence("rights", always),
        Sentence("unlinked", lambda facts: not facts.exact),
        Sentence("unlinked_few", lambda facts: facts.exact),
        Sentence("object", always),
        Sentence("complain", always),
    ),
    "accuracy": (Sentence("impression", always),),
    "law": (
        Sentence("ai_act", always),
        Sentence("gdpr", always),
        Sentence("made", always),
    ),
}
"""Heading → its sentences; a heading under which nothing holds is left out."""


def said(sentences: Sequence[Sentence], facts: Facts) -> tuple[str, ...]:
    """The keys of those that hold."""
    return tuple(sentence.key for sentence in sentences if sentence.holds(facts))
