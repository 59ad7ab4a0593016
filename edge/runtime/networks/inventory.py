"""Whether the models that a configuration names are there, without running any."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from edge.config.tables import Config
from edge.runtime.networks.card import Card, card_of, read_model
from edge.runtime.networks.model import parts_of
from edge.runtime.networks.presets import cards_of


def check_models(config: Config) -> None:
    """ModelError where one is not there, is damaged, or was made for something else."""
    folder = Path(config.paths.models)
    detectors = detectors_of(config.detector.model, folder)
    for name in (*detectors, *config.estimator.models):
        card, path = card_of(name, folder)
        read_model(card, path.with_suffix(".tflite"))
        _ = card.detecting if name in detectors else card.estimating


def not_told(config: Config) -> str:
    """What of age and gender the configured estimators do not give, in a sentence; else empty."""
    folder = Path(config.paths.models)
    cards = [card_of(name, folder)[0] for name in config.estimator.models]
    return untold(cards, config.estimator.models)


def untold(cards: Iterable[Card], names: Sequence[str]) -> str:
    """What these cards, configured by `names`, leave unknown, in a sentence; empty if nothing."""
    given = {output.attribute for card in cards for output in card.estimating.outputs}
    missing = [attribute for attribute in ("age", "gender") if attribute not in given]
    if not missing:
        return ""
    return (
        f"nobody gets {' and '.join(f'a known {attribute}' for attribute in missing)}: "
        f"estimator.models = {json.dumps(list(names))} names no model for it"
    )


def detectors_of(name: str, folder: Path) -> tuple[str, ...]:
    """The cards that a preset, or a card's own name, means, with those of parts and second looks.

    ModelError where one is not in the folder.
    """
    whole = cards_of(name, folder)
    cards = [card_of(card, folder)[0] for card in whole]
    looks = {rule.card for card in cards if (rule := card.detecting.second_look) is not None}
    return (*whole, *parts_of(cards, folder), *sorted(looks))
