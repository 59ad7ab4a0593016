"""Whether the models that a configuration names are there, without running any."""

from __future__ import annotations

from pathlib import Path

from edge.config import Config
from edge.runtime.card import read_model
from edge.runtime.detect.presets import cards_of
from edge.runtime.model import card_of, parts_of


def check_models(config: Config) -> None:
    """ModelError where one is not there, is damaged, or was made for something else."""
    folder = Path(config.paths.models)
    detectors = detectors_of(config.detector.model, folder)
    for name in (*detectors, *config.estimator.models):
        card, path = card_of(name, folder)
        read_model(card, path.with_suffix(".tflite"))
        _ = card.detecting if name in detectors else card.estimating


def detectors_of(name: str, folder: Path) -> tuple[str, ...]:
    """The cards that a preset, or a card's own name, means, and those of their parts.

    ModelError where one is not in the folder.
    """
    whole = cards_of(name, folder)
    return (*whole, *parts_of([card_of(card, folder)[0] for card in whole], folder))
