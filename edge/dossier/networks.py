"""The networks that a configuration runs → a sheet each, on what they are and learned from."""

from __future__ import annotations

from collections.abc import Iterable

from edge.dossier.markdown import document, plain, table
from edge.runtime.networks.card import Card

FREE = "free for commercial use, by its card"
NOT_FREE = (
    "not free for commercial use, by its card, since not all that stands above allows it; what "
    "the terms of data mean for weights that learned from them is a question for a lawyer"
)


def networks(cards: Iterable[Card]) -> str:
    """The document: every network that may run, detectors and stand-ins for processors included."""
    return document(
        "Networks and what they learned from",
        "Sheets of every network that may run under the configuration, from their cards. What "
        "the authors of the weights grant and what the data's terms say are two things, and told "
        "apart. `estimator.commercial_only = true` refuses every network whose card says no.",
        *(f"## `{card.name}`\n\n{_sheet(card)}" for card in cards),
    )


def _sheet(card: Card) -> str:
    licence = card.licence
    rows = (
        ("what it is", card.description),
        ("made for", card.intended_use),
        ("limits", card.limits),
        ("licence of the weights", licence.weights),
        ("licence of the code", licence.code),
        ("what that grants", licence.weights_grant),
        ("… of commercial use", licence.weights_commercial if licence.told_apart else ""),
        ("learned from", licence.training_data),
        ("what the terms of that data say", licence.training_data_terms),
        ("… of commercial use", licence.training_data_commercial if licence.told_apart else ""),
        ("so", FREE if licence.commercial_use else NOT_FREE),
        ("to be named", licence.attribution),
        ("from", f"{card.source.origin}; {card.source.author}".rstrip("; ")),
        ("SHA-256 of the network", card.sha256),
        ("stored as", f"{card.quantization}, {card.bytes} bytes"),
    )
    return table(("", ""), [(name, plain(text)) for name, text in rows if text])
