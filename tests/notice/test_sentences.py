"""Each sentence of a notice holds of the configuration that it was made from, and none is missing.

The rules here are written from the documentation of the keys, not from the code that chooses the
sentences.
"""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings

from edge.history.table import DAYS_MAX, HOURLY_DAYS
from edge.notice.arguments import LANGUAGES
from edge.notice.catalogue import catalogue
from edge.notice.facts import facts_of
from edge.notice.sentences import LEAD, PAGE, SIGN, said
from tests.notice.configurations import configurations, configured
from tests.notice.reading import page_of

GIVES = {
    "agender_64": {"age", "gender"}, "ssrnet_age_imdb": {"age"}, "ssrnet_gender_imdb": {"gender"},
}  # fmt: skip
"""What the shipped networks estimate, as README tells it."""
DURATIONS = {1.5: "1.5 s", 60: "1 min", 90: "90 s", 900: "15 min", 3600: "1 h", 86400: "1 d"}
FINE = "0–12, 13–17, 18–24, 25–34, 35–44, 45–54, 55–64, 65 and older"
COARSE = "child (0–12), young (13–24), adult (25–59), senior (60 and older)"


def estimated(c):
    return set().union(*(GIVES[model] for model in c.estimator.models))


def exact(c):
    return c.privacy.epsilon is None and c.privacy.k == 1


def folded(c):
    return c.privacy.epsilon is None and c.privacy.k > 1


def noisy(c):
    return c.privacy.epsilon is not None


def schemes(c):
    addresses = (c.source.uri, c.source.detect_uri)
    return [uri.lower().partition("://")[0] for uri in addresses if "://" in uri]


def encrypted(c):
    return bool(schemes(c)) and set(schemes(c)) <= {"rtsps", "https"}


def recording(c):
    return c.source.uri.endswith(".mp4")


def zones(c, use="count"):
    return [zone.name for zone in c.space.zones if zone.use == use]


def lines(c):
    return [line.name for line in c.space.lines]


def verbs(c):
    return c.commands.verbs if c.commands.enabled else ()


def live(c):
    return c.privacy.state != "off" and not noisy(c)


def live_exact(c):
    return live(c) and (c.privacy.k == 1 or c.privacy.state == "exact")


def here(c):
    return c.mqtt.host != "hub"


def always(c):
    return True


def window(c):
    least = c.privacy.window_min_s if c.privacy.k > 1 else 0
    return DURATIONS[max(c.window.length_s, least)]


def k(c):
    return str(c.privacy.k)


RULES = {
    "who": (always, lambda c: [c.operator.name]),
    "contact": (always, lambda c: [c.operator.contact]),
    "purpose": (always, lambda c: [c.operator.purpose]),
    "basis": (lambda c: c.operator.legal_basis, lambda c: [c.operator.legal_basis]),
    "estimate_both": (lambda c: len(estimated(c)) == 2, lambda c: ["the age and the sex"]),
    "estimate_age": (lambda c: estimated(c) == {"age"}, lambda c: ["sex is not estimated"]),
    "estimate_gender": (lambda c: estimated(c) == {"gender"}, lambda c: ["age is not estimated"]),
    "bands": (
        lambda c: "age" in estimated(c), lambda c: [FINE if c.window.bands == "fine" else COARSE]
    ),
    "sexes": (lambda c: "gender" in estimated(c), lambda c: ["female, male or unknown"]),
    "camera_own": (lambda c: not schemes(c) and not recording(c), lambda c: ["do not leave it"]),
    "camera_network_encrypted": (encrypted, lambda c: ["travel, encrypted, over a network"]),
    "camera_network_plain": (
        lambda c: schemes(c) and not encrypted(c), lambda c: ["travel, unencrypted, over"]
    ),
    "camera_recording": (recording, lambda c: ["not from a live camera"]),
    "no_picture": (always, lambda c: []),
    "nobody": (always, lambda c: []),
    "window": (always, lambda c: [f"every {window(c)}:", "30 min"]),
    "window_request": (lambda c: "window" in verbs(c), lambda c: []),
    "people_exact": (lambda c: not noisy(c), lambda c: []),
    "exact": (exact, lambda c: ["only one person"]),
    "folded": (folded, lambda c: [f"fewer than {k(c)} people", f"at least {k(c)} people"]),
    "noise": (noisy, lambda c: [f"ε = {c.privacy.epsilon:g} for"]),
    "noise_folded": (lambda c: noisy(c) and c.privacy.k > 1, lambda c: [f"fewer than {k(c)} is"]),
    "joint": (lambda c: not noisy(c) and len(estimated(c)) == 2, lambda c: []),
    "corrected": (
        lambda c: not noisy(c) and ("gender" in estimated(c) or c.window.bands == "fine"),
        lambda c: [],
    ),
    "means": (exact, lambda c: []),
    "means_folded": (folded, lambda c: [f"from {k(c)} on", f"at least {k(c)} people"]),
    "live_exact": (live_exact, lambda c: ["how many of them face the camera"]),
    "live_folded": (
        lambda c: live(c) and not live_exact(c),
        lambda c: [f"from {k(c)} people on", f"of more than {k(c)} people, and only where"],
    ),
    "live_off": (lambda c: not live(c), lambda c: []),
    "health": (always, lambda c: ["temperature"]),
    "broker_here": (here, lambda c: []),
    "broker_encrypted": (lambda c: not here(c) and c.mqtt.tls, lambda c: [", encrypted, to"]),
    "broker_plain": (lambda c: not here(c) and not c.mqtt.tls, lambda c: [", unencrypted, to"]),
    "metrics": (lambda c: c.metrics.port, lambda c: []),
    "region": (lambda c: c.source.region[2] < 1, lambda c: []),
    "included": (lambda c: zones(c, "include"), lambda c: [": " + ", ".join(zones(c, "include"))]),
    "excluded": (lambda c: zones(c, "exclude"), lambda c: [": " + ", ".join(zones(c, "exclude"))]),
    "zones": (lambda c: zones(c) and exact(c), lambda c: [": " + ", ".join(zones(c)) + "."]),
    "zones_folded": (
        lambda c: zones(c) and folded(c), lambda c: [", ".join(zones(c)), f"at least {k(c)} people"]
    ),
    "lines": (lambda c: lines(c) and exact(c), lambda c: [": " + ", ".join(lines(c)) + "."]),
    "lines_folded": (
        lambda c: lines(c) and folded(c), lambda c: [", ".join(lines(c)), f"at least {k(c)} times"]
    ),
    "places_untold": (lambda c: noisy(c) and (lines(c) or zones(c)), lambda c: []),
    "pause": (lambda c: "pause" in verbs(c), lambda c: []),
    "no_pause": (lambda c: "pause" not in verbs(c), lambda c: []),
    "requests": (verbs, lambda c: [v for v in verbs(c) if v in ("pause", "resume")]),
    "no_requests": (lambda c: not verbs(c), lambda c: []),
    "memory": (
        always,
        lambda c: [
            f"at most {c.tracking.estimates_max} estimates",
            f"than {max(c.tracking.patience_s, c.tracking.resume_s):g} s after",
        ],
    ),
    "still": (always, lambda c: ["for 2 min,", "up to 1 h after"]),
    "outbox": (always, lambda c: [f"at most {c.outbox.max_windows} of them"]),
    "totals": (lambda c: not noisy(c), lambda c: []),
    "history": (
        lambda c: c.history.enabled,
        lambda c: [f"by hour for {HOURLY_DAYS} days", f"by day for {DAYS_MAX} days more"],
    ),
    "history_noise": (lambda c: c.history.enabled and noisy(c), lambda c: ["numbers with noise"]),
    "no_history": (lambda c: not c.history.enabled, lambda c: []),
    "retention": (lambda c: c.operator.retention, lambda c: [c.operator.retention]),
    "rights": (always, lambda c: []),
    "unlinked": (lambda c: not exact(c), lambda c: []),
    "unlinked_few": (exact, lambda c: []),
    "object": (always, lambda c: [c.operator.contact]),
    "complain": (always, lambda c: []),
    "impression": (always, lambda c: []),
    "figures": (always, lambda c: [c.estimator.models[-1]]),
    "limits": (always, lambda c: []),
    "terms": (always, lambda c: ["Licence of the weights of", c.estimator.models[-1]]),
    "ai_act": (always, lambda c: ["Article 50(3)"]),
    "gdpr": (always, lambda c: ["Articles 13 and 14"]),
    "made": (always, lambda c: [f"{c.device.site}/{c.device.name}"]),
}  # fmt: skip
"""Sentence of the page → when it is to be said, and what has to be in it then."""

CONSTANT = {
    "no_picture", "nobody", "rights", "complain", "impression", "ai_act", "gdpr", "sign_rights",
    "health",
    "lead_counts",
}  # fmt: skip
"""Of every device the same: what no configuration changes."""


@settings(max_examples=100, deadline=None)
@given(configurations)
def test_every_sentence_of_the_page_holds(config):
    """Said are those that hold, no more and no fewer, with the values in force."""
    sentences = page_of(config).sentences
    assert set(sentences) == {key for key, (holds, _) in RULES.items() if holds(config)}
    for key, told in sentences.items():
        for needle in RULES[key][1](config):
            assert needle in told.replace("\u00a0", " "), key


@settings(max_examples=30, deadline=None)
@given(configurations)
def test_the_same_is_said_in_every_language(config):
    """Sentence by sentence, with the same numbers, under the same headings."""
    pages = [page_of(config, language) for language in LANGUAGES]
    for page in pages[1:]:
        assert list(page.sentences) == list(pages[0].sentences)
        assert len(page.headings) == len(pages[0].headings)
        assert [row[1:3] for row in page.rows if row[1].isdigit()] == [
            row[1:3] for row in pages[0].rows if row[1].isdigit()
        ]


@settings(max_examples=100, deadline=None)
@given(configurations)
def test_every_sentence_of_the_sign_holds(config):
    """One for what is estimated, one for where pictures go, one for what is sent; rest as given."""
    attributes = {"both": {"age", "gender"}, "age": {"age"}, "gender": {"gender"}}
    (what,) = (name for name, held in attributes.items() if held == estimated(config))
    camera = "network" if schemes(config) else "recording" if recording(config) else "own"
    sent = "noise" if noisy(config) else "folded" if folded(config) else "exact"
    basis = ["sign_basis"] if config.operator.legal_basis else []
    more = "sign_more" if config.operator.notice_url else "sign_more_contact"
    facts = facts_of(config)
    assert list(said(LEAD, facts)) == ["lead_counts", f"lead_{what}"]
    assert list(said(SIGN, facts)) == [
        "sign_who", "sign_contact", "sign_purpose", *basis, f"sign_{what}",
        f"sign_pictures_{camera}", f"sign_{sent}", "sign_rights", more,
    ]  # fmt: skip
    words = catalogue("en").sayer(facts)("sign", f"sign_{sent}").replace("\u00a0", " ")
    assert f"every {window(config)}" in words
    assert (f"fewer than {k(config)} people" in words) == folded(config)


def test_every_sentence_changes_with_the_configuration():
    """Each is left out, or reads differently, of one of a few devices, but for CONSTANT."""
    texts = {}
    for k_, epsilon, uri, tls, models, name in product(
        (1, 5), (None, 1.0), ("usb:0", "rtsp://cam/1", "rtsps://cam/1", "clip.mp4"), (False, True),
        (["agender_64"], ["ssrnet_age_imdb"], ["ssrnet_gender_imdb"]), ("A", "B"),
    ):  # fmt: skip
        other = name == "B"
        config = configured(
            operator=dict.fromkeys(("name", "contact", "purpose"), name)
            | (dict.fromkeys(("legal_basis", "retention"), name) if other else {})
            | ({"notice_url": "https://b.example"} if other else {}),
            device={"site": name},
            source={"uri": uri} | ({"region": [0, 0, 1, 0.5]} if other else {}),
            privacy={"k": k_, "epsilon": epsilon} | ({"state": "exact"} if other else {}),
            mqtt={"tls": tls, "host": "hub" if k_ > 1 else "localhost"},
            estimator={"models": models},
            window={"bands": "coarse", "length_s": 900} if other else {},
            tracking={"estimates_max": 3, "ghost_after_s": 60} if other else {},
            outbox={"max_windows": 10} if other else {},
            metrics={"port": 9100 if other else 0},
            history={"enabled": not other},
            commands={"enabled": not other},
            space=SPACE if other else {},
        )
        facts = facts_of(config)
        say = catalogue("en").sayer(facts)
        groups = {"lead": [LEAD], "sign": [SIGN], "page": PAGE.values()}
        told = {
            key: say(table, key)
            for table, lists in groups.items() for sentences in lists
            for key in said(sentences, facts)
        }  # fmt: skip
        for key in {s.key for lists in groups.values() for sentences in lists for s in sentences}:
            texts.setdefault(key, set()).add(told.get(key))
    assert {key for key, seen in texts.items() if len(seen) == 1} == CONSTANT
    assert all(seen - {None} for seen in texts.values())


TRIANGLE = [[0.1, 0.1], [0.4, 0.1], [0.1, 0.4]]
SPACE = {
    "zones": [
        {"name": use, "polygon": TRIANGLE, "use": use} for use in ("count", "include", "exclude")
    ],
    "lines": [{"name": "door", "start": [0.1, 0.5], "end": [0.9, 0.5]}],
}


def test_whatever_needs_a_network_is_told_as_a_network_camera(monkeypatch):
    """A kind of source that is new to the notice is never said to keep its pictures to itself."""
    config = configured(source={"uri": "picamera"})
    monkeypatch.setattr("edge.notice.facts.needs_network", lambda uri: uri == "picamera")
    assert facts_of(config).camera == "network"
    assert not facts_of(config).encrypted
