"""A card on rights: what the licence of the weights grants, apart from what data's terms say."""

from __future__ import annotations

from typing import Annotated

from edge.messages.messages import Says
from edge.runtime.networks.card_keys import Part, Text, about

__all__ = ["Licence", "Says"]


class Licence(Part, frozen=True):
    """Who may use this, for what, and whom to name.

    Two things that lawyers keep apart are told apart: `weights…` is what those who hold the
    rights in the file grant, `training_data…` what the terms of the pictures say that it learned
    from. `commercial_use` is what the makers of the card conclude; a card that was written before
    the others were keys has it alone.
    """

    code: Annotated[Text, about("Licence of the code that made it.", "Apache-2.0")]
    weights: Annotated[Text, about("Licence of the weights.", "BSD-3-Clause")]
    training_data: Annotated[Text, about("What it learned from.", "FairFace, CC BY 4.0")]
    commercial_use: Annotated[bool, about("Whether a shop may run it, by this card.", False)]
    attribution: Annotated[Text, about("Whom to name.", "Kärkkäinen & Joo, WACV 2021")] = ""
    weights_grant: Annotated[
        Text,
        about(
            "What the weights' licence grants, who grants it, and on what conditions.",
            "Its authors grant use for any purpose by MIT: the notice goes with every copy.",
        ),
    ] = ""
    weights_commercial: Annotated[
        Says, about("What the weights' licence says of commercial use.", "allowed")
    ] = "not stated"
    training_data_terms: Annotated[
        Text,
        about(
            "What the terms of the training data say, and of what.",
            "FairFace is offered under CC BY 4.0, which allows commercial use.",
        ),
    ] = ""
    training_data_commercial: Annotated[
        Says, about("What the terms of the training data say of commercial use.", "forbidden")
    ] = "not stated"

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, words in (("weights", "grant"), ("training_data", "terms")):
            said = getattr(self, f"{key}_commercial")
            if said != "not stated" and not getattr(self, f"{key}_{words}").strip():
                raise ValueError(f"`{key}_commercial` is {said!r}: `{key}_{words}` has to say why")
            if self.commercial_use and said == "forbidden":
                raise ValueError(f"`commercial_use` is true, `{key}_commercial` says 'forbidden'")

    @property
    def told_apart(self) -> bool:
        """Whether the card says more than `commercial_use`, as those of before do not."""
        return bool(self.weights_grant or self.training_data_terms)
