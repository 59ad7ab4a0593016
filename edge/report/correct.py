"""The sums of a period → corrected estimates, computed once, or why there are none."""

from __future__ import annotations

from pathlib import Path

from edge.config.tables import Config
from edge.errors import ModelError
from edge.history.read import Sums
from edge.history.sums import FOLDING, MODEL, named
from edge.messages.bands import SCHEMES, TOLD_GENDERS, UNKNOWN, cell_key
from edge.privacy.estimates import Estimates
from edge.privacy.fold import Table
from edge.runtime.networks.card import Confusion, card_of


def corrected(config: Config, sums: Sums, bands: list[str]) -> tuple[dict[str, float], str]:
    """The `est_…` keys of the sums, and a sentence where there are none.

    Sums of folded windows tell less than these do, and the cards are public: so does what follows.
    """
    names = [scheme for scheme in SCHEMES if list(SCHEMES[scheme]) == bands]
    told = sums["windows"] - sums["lost"] - sums["untold_windows"]
    if told <= 0 or not sums["people"]:
        return {}, ""
    try:
        model, confusion = _cards(config)
    except ModelError as error:
        return {}, f"nothing is corrected for the network's errors: {error}"
    if reason := _unfit(sums, names, model, confusion):
        return {}, f"nothing is corrected for the network's errors: {reason}"
    k = max((int(each.split(":")[1]) for each in named(sums, FOLDING)), default=1)
    return Estimates(confusion, "coarse" if names == ["coarse"] else "fine", k).of(
        _table(sums, bands), told
    ), ""


def _cards(config: Config) -> tuple[str, dict[str, Confusion]]:
    """The networks as windows name them, and how they err."""
    cards = [card_of(name, Path(config.paths.models))[0] for name in config.estimator.models]
    confusion: dict[str, Confusion] = {}
    for card in cards:
        confusion |= card.confusion
    return ".".join(card.name for card in cards), confusion


def _unfit(sums: Sums, schemes: list[str], model: str, confusion: object) -> str:
    """Why the sums can't be corrected; empty where they can."""
    others = sorted({*named(sums, MODEL)} - {model})
    if not confusion:
        return f"no errors are stated on the card of {model}"
    if sums["noisy"]:
        return "there is noise in the numbers"
    if others:
        return f"they were counted by {', '.join(others)}, while {model} is configured"
    return "" if len(schemes) == 1 else "the age bands were changed in between"


def _table(sums: Sums, bands: list[str]) -> Table:
    """The sums of cells; of unknown gender is what is left of a band."""
    table = {
        (gender, age): sums[cell_key(gender, age)]
        for gender in TOLD_GENDERS
        for age in (*bands, UNKNOWN)
    }
    for age in (*bands, UNKNOWN):
        rest = sums[f"age_{age}"] - sum(table[gender, age] for gender in TOLD_GENDERS)
        table[UNKNOWN, age] = max(rest, 0)
    return {cell: people for cell, people in table.items() if people}
