"""Everything a detector's training can be told, with its defaults: one TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from converters.detect_train.spec import Network
from converters.errors import ConvertError
from edge.runtime.card import Fraction, Positive

NonNegative = Annotated[float, Meta(ge=0)]


class _Group(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Scenes(_Group, frozen=True):
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


class Training(_Group, frozen=True):
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


class About(_Group, frozen=True):
    """What the card says of the network and of what it learned from."""

    description: str = "Faces from 8 pixels on, trained with agender-convert train-detector"
    training_data: str = "not stated"
    weights_licence: str = "not stated"
    commercial_use: bool = False
    attribution: str = ""


class Settings(_Group, frozen=True):
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
    if path is None:
        return Settings()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except OSError as error:
        raise ConvertError(f"cannot read the training file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConvertError(f"the training file {path} is not valid: {error}") from error


def with_epochs(settings: Settings, epochs: int) -> Settings:
    """The settings with another number of epochs; ConvertError where it is none."""
    if epochs < 1:
        raise ConvertError(f"--epochs is {epochs}, must be 1 or more")
    training = msgspec.structs.replace(settings.training, epochs=epochs)
    return msgspec.structs.replace(settings, training=training)
