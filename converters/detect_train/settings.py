"""Everything a detector's training can be told, with its defaults: one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from converters.errors import ConvertError
from converters.train import common_options
from converters.train.common_options import Group, NonNegative
from edge.runtime.networks.card import Fraction, Name, Positive


class Scenes(Group, frozen=True):
    """What a scene holds; fractions are probabilities, sizes are in its pixels."""

    width: Positive = 192
    height: Positive = 160
    mosaics: Fraction = 0.25
    """Scenes of nothing but face pictures side by side."""
    bare: Fraction = 0.1
    """Photographs as they are."""
    portraits: Fraction = 0.05
    """One face that fills the scene; all other scenes are groups on a photograph."""
    face_px: tuple[NonNegative, NonNegative] = (6.0, 110.0)
    """Root of width × height, drawn evenly in its logarithm."""
    faces: NonNegative = 6.0
    """Mean number of faces beyond the first."""
    faces_max: Positive = 16
    grouped: Fraction = 0.5
    empty: Fraction = 0.15
    covered: Fraction = 0.3
    decoys: Positive = 2


class Training(Group, frozen=True):
    """How long and how fast."""

    opening_epochs: Annotated[int, Meta(ge=0)] = 3
    """Epochs of the new layers alone, by the teacher's features, before those of the whole."""
    opening_rate: NonNegative = 0.004
    epochs: Positive = 90
    stepped_epochs: Annotated[int, Meta(ge=0)] = 15
    """The last of them, in which every tensor is rounded as int8 rounds it."""
    scenes: Positive = 1600
    """New scenes an epoch."""
    repeats: Positive = 2
    """How often each is shown, in another light."""
    batch: Positive = 16
    learning_rate: NonNegative = 0.002
    weight_decay: NonNegative = 0.0001
    warm_up: Fraction = 0.02
    average: Fraction = 0.999
    """Decay of the moving average of the weights, which is what is kept."""
    threads: Positive = 1
    workers: Annotated[int, Meta(ge=0, le=1)] = 1
    """Processes that make scenes beside the training, one at most: a seed is one stream of scenes.
    0 = the training makes its own."""
    seed: int = 1

    @property
    def steps(self) -> int:
        """Of an epoch."""
        return self.scenes * self.repeats // self.batch


class About(common_options.About, frozen=True):
    """What the card says of the network and of what it learned from."""

    description: str = "Faces from 8 pixels on, trained with agender-convert train-detector"


class Settings(Group, frozen=True):
    """One training run."""

    name: Name = "farface"
    scenes: Scenes = Scenes()
    training: Training = Training()
    about: About = About()
    sizes: tuple[tuple[Positive, Positive], ...] = ((320, 240), (320, 176))
    """Width and height of the files to make, steps of 16."""
    score_min: Fraction = 0.55
    score_low: Fraction = 0.4


def read_settings(path: Path | None) -> Settings:
    """The settings in the TOML file `path`, the defaults for None; ConvertError names the key."""
    return common_options.read(path, Settings)


def with_epochs(settings: Settings, epochs: int) -> Settings:
    """The settings with another number of epochs; ConvertError where it is none."""
    if epochs < 1:
        raise ConvertError(f"--epochs is {epochs}, must be 1 or more")
    training = msgspec.structs.replace(settings.training, epochs=epochs)
    return msgspec.structs.replace(settings, training=training)
