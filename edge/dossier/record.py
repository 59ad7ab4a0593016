"""Facts → the record of processing activities (GDPR, Article 30(1))."""

from __future__ import annotations

from edge.dossier.markdown import document, plain, table
from edge.dossier.told import NO_ADVICE, OPEN, given, told
from edge.notice.facts import Facts

EVERYBODY = "Everybody who comes before the camera, children included."
MOMENTS = (
    "While a person is in view, and no longer than the time limits below say: the picture, the "
    "place of the face in it, and estimates. No special categories by purpose: nobody is "
    "identified, no template is made."
)
RELATED = (
    " Beyond that what leaves the device, where somebody can tell who stood there: under this "
    "configuration it may be of a single person, and is personal data then."
)
"""docs/privacy.md, "Where the law applies"."""
PICTURES = {
    "own": "nobody",
    "network": "whoever has access to the network camera, which this program does not steer",
    "recording": "whoever has access to the recording, which this program did not make",
}
MEASURES = "See the impact assessment, and the evidence for each measure."


def record(facts: Facts) -> str:
    """The document."""
    operator = facts.operator
    rows = (
        ("(a) controller", f"{plain(operator.name.strip())}; {plain(operator.contact.strip())}"),
        ("(a) representative, data-protection officer",
         f"{OPEN}names, unless the contact above names them"),
        ("(b) purposes", plain(operator.purpose.strip())),
        ("legal basis", given(operator.legal_basis, "`operator.legal_basis`")),
        ("(c) data subjects", EVERYBODY),
        ("(c) personal data", MOMENTS + (RELATED if facts.exact or facts.live_exact else "")),
        ("(d) recipients", _recipients(facts)),
        ("(e) third countries", _countries(facts)),
        ("(f) time limits", given(operator.retention, "`operator.retention`, for what has left "
                                  "the device; on the device, see below")),
        ("(g) security measures", MEASURES),
    )  # fmt: skip
    return document(
        "Record of processing",
        f"After Article 30(1) of the GDPR. {NO_ADVICE}",
        table(("Article 30(1)", "entry"), rows),
        "## What leaves the device",
        told(facts, "told"),
        "## Time limits on the device",
        told(facts, "retention"),
    )


def _recipients(facts: Facts) -> str:
    broker = f"Of what leaves the device: who reads the broker {facts.brokers}"
    page = ", and who reaches the device's page of figures" if facts.serves_page else ""
    return f"{broker}{page}. {OPEN}who that is. Of pictures: {PICTURES[facts.camera]}."


def _countries(facts: Facts) -> str:
    if facts.page_reachable:
        return f"{OPEN}where the readers of the broker and of the device's page of figures are."
    if facts.local_broker:
        return "None by this program: the broker runs on the device."
    return f"{OPEN}where the broker {facts.brokers} and its readers are."
