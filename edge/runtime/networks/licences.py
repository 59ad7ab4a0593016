"""What the cards of the configured networks say of commercial use; no lawyer's answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from edge.config.tables import Config
from edge.errors import ModelError
from edge.runtime.networks.card import Card, card_of, read_card
from edge.runtime.networks.inventory import detectors_of


def not_commercial(config: Config) -> tuple[Card, ...]:
    """Of the networks that may run under a configuration, those not free for commercial use.

    Haar's cascade, the one detector without a card, is free (OpenCV's own, Apache-2.0).
    """
    return tuple(card for card in chain_of(config) if not card.licence.commercial_use)


def chain_of(config: Config) -> Iterator[Card]:
    """Detectors, those that look again, estimators, and what stands in for each on a processor."""
    folder = Path(config.paths.models)
    names = (*detectors_of(config.detector.model, folder), *config.estimator.models)
    for name in dict.fromkeys(names):
        card, _ = card_of(name, folder)
        yield card
        variants = (folder / f"{variant}.json" for variant in card.variants.values())
        yield from (read_card(path) for path in variants if path.is_file())


def require_commercial(config: Config) -> None:
    """ModelError where `estimator.commercial_only` is set and a network is not free."""
    if not config.estimator.commercial_only:
        return
    if refused := not_commercial(config):
        free = ", ".join(sorted(_free(Path(config.paths.models)))) or "none"
        raise ModelError(
            f"estimator.commercial_only is set, but by their cards these are not free for "
            f"commercial use: {named(refused)}; free are: {free}"
        )


def named(cards: Iterable[Card]) -> str:
    """Networks with their weights' licence and what they learned from, alike ones together.

    What each of the two says of commercial use is told where a card tells it.
    """
    groups = groupby(sorted(cards, key=_terms), _terms)
    return "; ".join(
        f"{', '.join(card.name for card in alike)} (weights: {weights}; learned from: {data})"
        for (weights, data), alike in groups
    )


def _terms(card: Card) -> tuple[str, str]:
    """What is granted of the weights, and what the data's terms say."""
    said = card.licence
    if not said.told_apart:
        return said.weights, said.training_data
    return (
        f"{said.weights}, commercial use {said.weights_commercial}",
        f"{said.training_data}, commercial use {said.training_data_commercial}",
    )


def _free(folder: Path) -> Iterator[str]:
    for path in folder.glob("*.json"):
        card = read_card(path)
        if card.licence.commercial_use:
            yield card.name
