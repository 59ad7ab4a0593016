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
    whole = cards_of(config.detector.model, folder)
    detectors = (*whole, *parts_of(whole, folder))
    for name in (*detectors, *config.estimator.models):
        card, path = card_of(name, folder)
        read_model(card, path.with_suffix(".tflite"))
        _ = card.detecting if name in detectors else card.estimating
