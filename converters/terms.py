"""What licences of weights grant and what terms of training data say, in words for a card.

Sentences about a licence's text, not about what follows from it: whether the terms of pictures
bind who uses weights that learned from them is left open here, since none of these texts says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edge.runtime.networks.card_licence import Licence, Says

KEEP = {
    "BSD-3-Clause": "copyright notice, conditions and disclaimer go with every copy, and the "
    "authors' names do not advertise what is made of it",
    "MIT": "copyright notice and licence go with every copy",
    "Apache-2.0": "the licence and the notices go with every copy, and changes are marked",
    "CC0-1.0": "without conditions: the rights are waived",
}
"""Licence → what it asks of who passes the weights on. Each allows commercial use."""


@dataclass(frozen=True, slots=True)
class Data:
    """What a network learned from. `name` is short, `terms` what the terms say, in sentences."""

    name: str
    terms: str
    commercial: Says = "not stated"


OPEN = (
    " The terms speak of the pictures; they do not say whether they reach weights that learned "
    "from them, and no licence of the weights changes them."
)
RESEARCH = "is offered for non-commercial research only." + OPEN

WIDER_FACE = Data(
    "WIDER FACE (CC BY-NC-ND 4.0, non-commercial research)",
    "WIDER FACE is offered under CC BY-NC-ND 4.0, for non-commercial research." + OPEN,
    "forbidden",
)
WIDER_FACE_CELEBA = Data(
    "WIDER FACE and CelebA (non-commercial research)",
    f"WIDER FACE and CelebA: each {RESEARCH}",
    "forbidden",
)


ADIENCE = Data(
    "Adience (Flickr pictures, Creative Commons licences of their own)",
    "Adience is offered for research; its pictures are under Creative Commons licences of their "
    "owners." + OPEN,
    "forbidden",
)


def research_only(name: str) -> Data:
    """A data set that is offered for non-commercial research only."""
    return Data(f"{name} (non-commercial research only)", f"{name} {RESEARCH}", "forbidden")


KNOWN = {
    data.name: data
    for data in (
        ADIENCE,
        WIDER_FACE,
        WIDER_FACE_CELEBA,
        *map(research_only, ("IMDB-WIKI", "UTKFace")),
    )
}
"""By the name that a template gives as its `training_data`."""


def unpublished(name: str, whose: str) -> Data:
    """Data that nobody outside can look at: no terms are known that allow or forbid anything."""
    return Data(
        name,
        f"Not published: no terms of the pictures are known, for or against any use. {whose}",
    )


def grant(weights: str, by: str) -> tuple[str, Says]:
    """What a licence of weights grants, in words, and what it says of commercial use."""
    if weights not in KEEP:
        return "", "not stated"
    return (
        f"{by} grant{'' if by.endswith('authors') else 's'} use for any purpose, commercial ones "
        f"included, change and redistribution, by {weights}: {KEEP[weights]}.",
        "allowed",
    )


def licence(
    *, code: str, weights: str, data: Data, attribution: str = "", by: str = "Its authors"
) -> Licence:
    """The card's part. A shop may run what its weights allow and no known terms forbid."""
    words, allowed = grant(weights, by)
    return Licence(
        code=code,
        weights=weights,
        training_data=data.name,
        commercial_use=allowed == "allowed" and data.commercial != "forbidden",
        attribution=attribution,
        weights_grant=words,
        weights_commercial=allowed,
        training_data_terms=data.terms,
        training_data_commercial=data.commercial,
    )


def completed(said: Licence) -> Licence:
    """A template's part with what it leaves out of a known licence of weights and of known data.

    ValueError where that contradicts what it says.
    """
    if not said.weights_grant:
        words, allowed = grant(said.weights, "Its authors")
        said = msgspec.structs.replace(said, weights_grant=words, weights_commercial=allowed)
    data = KNOWN.get(said.training_data)
    if data and not said.training_data_terms:
        said = msgspec.structs.replace(
            said, training_data_terms=data.terms, training_data_commercial=data.commercial
        )
    return said
