"""Everything a training run can be told, with its defaults: one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from converters.nets.spec import Network, Stage
from converters.train import told
from converters.train.told import Group, NonNegative
from edge.runtime.card import Alignment, Fraction, Positive

DEFAULT_NETWORK = Network(64, (Stage(16, 1), Stage(32, 2), Stage(64, 2), Stage(128, 0)))
# The median landmarks of upright faces that carry a quarter of their size as margin, made
# symmetric: hair, ears and chin stay inside.
DEFAULT_ALIGNMENT = Alignment((0.32, 0.34), (0.68, 0.34), (0.5, 0.525), (0.5, 0.70))


class Data(Group, frozen=True):
    """Which faces are held out, and how the landmarks lie in a crop."""

    held_out: Fraction = 0.1
    alignment: Alignment = DEFAULT_ALIGNMENT
    chip_px: Positive = 112
    chip_reach: float = 1.25
    """Side of the stored chip in sides of the crop: room for shift, turn and scale."""
    detector: str = "far"
    """Preset or card of the detector whose landmarks the crops are cut by."""
    detector_score_min: Fraction = 0.25
    also: tuple[str, ...] = ()
    """Further detectors, by whose landmarks each face is cut once more to train on: a network
    that has seen several does not mind which one the device uses."""


class Augment(Group, frozen=True):
    """How far a crop is changed; fractions are of the crop's side or probabilities."""

    turn_degrees: NonNegative = 7.0
    scale: NonNegative = 0.08
    shift: NonNegative = 0.03
    light: NonNegative = 0.2
    small: Fraction = 0.2
    """Probability of a face reduced to `small_px` pixels and enlarged again."""
    small_px: tuple[Positive, Positive] = (16, 60)
    blur: Fraction = 0.12
    noise: Fraction = 0.12
    jpeg: Fraction = 0.15
    grey: Fraction = 0.1
    backlight: Fraction = 0.1
    occlusion: Fraction = 0.1


class Loss(Group, frozen=True):
    """What is minimized. Age: cross entropy against a label that leaks into its neighbours,
    plus the error of the expectation in decades; gender: smoothed binary cross entropy.
    """

    neighbour: Fraction = 0.1
    expectation: NonNegative = 0.3
    gender: NonNegative = 2.0
    gender_smoothing: Fraction = 0.05
    mixup: Fraction = 0.3
    balance: Fraction = 0.3
    """A band of n faces is drawn in proportion to n^(1 − balance)."""
    teacher: Fraction = 0.7
    """How much the teacher's opinion counts beside the label, where there is a teacher."""
    features: NonNegative = 1.0
    """How much it counts that the teacher's features can be told from the network's."""


class Training(Group, frozen=True):
    """How long and how fast."""

    epochs: Positive = 48
    batch: Positive = 128
    learning_rate: NonNegative = 0.003
    weight_decay: NonNegative = 0.02
    warm_up: Fraction = 0.05
    average: Fraction = 0.999
    """Decay of the moving average of the weights, which is what is evaluated and kept."""
    dropout: Fraction = 0.1
    threads: Positive = 1
    seed: int = 1


class Teacher(Group, frozen=True):
    """How `agender-convert teach` trains the upper half of dlib's network anew."""

    networks: Positive = 1
    """So many, from seeds one apart, whose answers are averaged."""
    epochs: Positive = 7
    changed_looks: Annotated[int, Meta(ge=0)] = 2
    """Crops changed as in training that each face is looked at by, beside plain and mirrored."""
    learning_rate: NonNegative = 0.0005
    head_learning_rate: NonNegative = 0.002
    average: Fraction = 0.998
    dropout: Fraction = 0.3


class About(told.About, frozen=True):
    """What the card says of the network and of the faces it learned from."""

    description: str = "Age and gender of a face, trained with agender-convert train"


class Settings(Group, frozen=True):
    """One training run."""

    name: str = "agender_64"
    network: Network = DEFAULT_NETWORK
    data: Data = Data()
    augment: Augment = Augment()
    loss: Loss = Loss()
    training: Training = Training()
    teacher: Teacher = Teacher()
    about: About = About()


def read_settings(path: Path | None) -> Settings:
    """The settings in the TOML file `path`, the defaults for None; ConvertError names the key."""
    return told.read(path, Settings)
