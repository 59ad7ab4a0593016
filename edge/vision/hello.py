"""Who this vision is, as `info` tells it: its networks, its camera, what it could give away."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

from edge.config.space_file import fingerprint
from edge.config.tables import Config
from edge.host import exposure, readings
from edge.messages.live import Exposure, Hello
from edge.messages.messages import ModelInfo
from edge.runtime.capture import kind_of
from edge.runtime.loop import Stages
from edge.runtime.networks.card import Card

EXPOSURE_S = 60.0
"""How often it is looked at what this process could give away."""


def hello(config: Config, boot: str, stages: Stages, *, aiming: bool) -> Hello:
    """The record, as it is now: `boot` names this run; `aiming`, whether somebody sees boxes."""
    # The detector's shape is known once there was a frame.
    cards: list[Card] = [stages.detector.card, *stages.estimator.cards]
    return Hello(
        boot=boot,
        camera_kind=kind_of(config.source.uri),
        models=tuple(map(_model, cards)),
        exposure=_exposure(config.paths.runtime, int(time.monotonic() // EXPOSURE_S)),
        aiming=aiming,
        places=fingerprint(config.space),
    )


def _model(card: Card) -> ModelInfo:
    """What `info` tells of a network."""
    licence = card.licence
    return ModelInfo(
        name=card.name,
        task=card.task,
        sha256=card.sha256,
        licence=licence.weights,
        weights_commercial=licence.weights_commercial,
        training_data_commercial=licence.training_data_commercial,
    )


@lru_cache(maxsize=1)
def _exposure(runtime: str, _period: int) -> Exposure:
    """What this process could give away by ways of the system, as found once a period."""
    return Exposure(
        network=readings.has_network(),
        sockets=bool(exposure.foreign_sockets(Path(runtime).resolve())),
        core_dumps=exposure.dumps_core(),
        swap=exposure.may_be_swapped(),
        memory_limited=exposure.memory_limited(),
    )
