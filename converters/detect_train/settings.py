"""Everything a detector's training can be told, with its defaults: one TOML file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from converters.detect_train.spec import Network
from converters.errors import ConvertError
from converters.train import told
from converters.train.told import Group, NonNegative
from edge.runtime.card import Fraction, Positive


class Scenes(Group, frozen=True):
    """What a scene holds; fractions are probabilities, sizes are in its pixels."""

    width: Positive = 192
    height: Positive = 160
    face_px: tuple[NonNegative, NonNegative] = (6.5, 130.0)
    """Root of width × height, drawn evenly in its logarithm."""
    faces: NonNegative = 3.0
    """Mean number of faces beyond the first."""
    faces_max: Positive = 12
    grouped: Fraction = 0.5
    empty: Fraction = 0.12
    portraits: Fraction = 0.06
    covered: Fraction = 0.3
    decoys: Positive = 3


class Training(Group, frozen=True):
    """How long and how fast."""

    epochs: Positive = 60
    scenes: Positive = 2400
    """New scenes an epoch."""
    repeats: Positive = 2
    """How often each is shown, in another light."""
    batch: Positive = 16
    learning_rate: NonNegative = 0.003
    weight_decay: NonNegative = 0.01
    warm_up: Fraction = 0.03
    average: Fraction = 0.998
    """Decay of the moving average of the weights, which is what is kept."""
    threads: Positive = 1
    seed: int = 1


class About(told.About, frozen=True):
    """What the card says of the network and of what it learned from."""

    description: str = "Faces from 8 pixels on, trained with agender-convert train-detector"


class Settings(Group, frozen=True):
    """One training run."""

    name: str = "farface"
    network: Network = Network()
    scenes: Scenes = Scenes()
    training: Training = Training()
    about: About = About()
    sizes: tuple[tuple[Positive, Positive], ...] = ((320, 240), (320, 176))
    """Width and height of the files to make, steps of 16."""
    score_min: Fraction = 0.4
    score_low: Fraction = 0.25


def read_settings(path: Path | None) -> Settings:
    """The settings in the TOML file `path`, the defaults for None; ConvertError names the key."""
    return told.read(path, Settings)


def with_epochs(settings: Settings, epochs: int) -> Settings:
    """The settings with another number of epochs; ConvertError where it is none."""
    if epochs < 1:
        raise ConvertError(f"--epochs is {epochs}, must be 1 or more")
    training = msgspec.structs.replace(settings.training, epochs=epochs)
    return msgspec.structs.replace(settings, training=training)
