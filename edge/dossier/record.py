"""Facts → the record of processing activities (GDPR, Article 30(1))."""

from __future__ import annotations

from edge.dossier.markdown import document, plain, table
from edge.dossier.told import NO_ADVICE, OPEN, given, told
from edge.notice.facts import Facts

EVERYBODY = "Everybody who comes before the camera, children included; they are not told apart."
MOMENTS = (
    "While a person is in view: the picture, the place of the face in it, and estimates. "
    "Nothing of them is kept when the person has left. No special categories by purpose: nobody "
    "is identified, no template is made."
)
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
        ("(c) personal data", MOMENTS),
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
    broker = f"Of sums only: who reads the broker `{facts.config.mqtt.host}`"
    page = ", and who reaches the device's page of figures" if facts.config.metrics.port else ""
    camera = (
        " Of pictures: whoever has access to the network camera, which this program does not steer."
        if facts.camera == "network"
        else " Of pictures: nobody."
    )
    return f"{broker}{page}. {OPEN}who that is.{camera}"


def _countries(facts: Facts) -> str:
    if facts.local_broker:
        return "None by this program: the broker runs on the device."
    return f"{OPEN}where the broker `{facts.config.mqtt.host}` and its readers are."
