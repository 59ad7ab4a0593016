"""What a trained network is worth, in words: on the faces that were held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converters.errors import ConvertError
from converters.evaluate import verdict
from converters.evaluate.faces import Answers
from converters.evaluate.measures import Labelled
from converters.train.batches import plain_crops
from converters.train.finish import Finished, Outcome, answers
from edge.config.tables import Config
from edge.errors import ModelError
from edge.runtime.networks.card import read_card, read_model


def sentences(outcome: Outcome, done: Finished, models: Path) -> list[str]:
    """Against guessing, and against the default in the folder `models` on the same crops."""
    labelled = Labelled(Answers(done.labels, done.said.years, done.said.women, 0))
    other = _default(outcome, models)
    said = verdict.Said(done.said.years, done.said.women)
    return [one.text for one in verdict.findings(labelled, said, other)]


def _default(outcome: Outcome, models: Path) -> verdict.Other | None:
    """What the default says; None where it isn't there, or is shown other crops."""
    (name, *_) = Config().estimator.models
    path = models / f"{name}.json"
    try:
        card = read_card(path)
        content = read_model(card, path.with_suffix(".tflite"))
    except (ModelError, ConvertError):
        return None
    settings = outcome.settings
    same = card.estimating.crop.alignment == settings.data.alignment
    if not same or card.input.width != settings.network.size or card.input.colour != "rgb":
        return None
    members = np.flatnonzero(outcome.held)
    found = answers(card, content, plain_crops(outcome.chips, members, settings))
    return verdict.Other(f"the default, {card.name},", verdict.Said(found.years, found.women))
