"""Everything a training run can be told, with its defaults: one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from converters.nets.spec import Network, Stage
from converters.train import common_options
from converters.train.common_options import Group, NonNegative
from edge.runtime.networks.card import Alignment, Fraction, Name, Positive

DEFAULT_NETWORK = Network(64, (Stage(16, 1), Stage(32, 2), Stage(64, 2), Stage(128, 0)))
# The median landmarks of upright faces that carry a quarter of their size as margin, made
# symmetric: hair, ears and chin stay inside.
DEFAULT_ALIGNMENT = Alignment((0.32, 0.34), (0.68, 0.34), (0.5, 0.525), (0.5, 0.70))


class Data(Group, frozen=True):
    """Which faces are held out, and how the landmarks lie in a crop."""

    held_out: Fraction = 0.1
    alignment: Alignment = DEFAULT_ALIGNMENT
    chip_px: Annotated[int, Meta(ge=16, le=512)] = 112
    chip_reach: Annotated[float, Meta(ge=1, le=3)] = 1.25
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
    small_worn: Fraction = 0.0
    """Probability that a small face is worn as well, before it is enlarged: out of focus, moved,
    dark and noisy, packed hard, as cameras give faces of few pixels."""
    small_blur_px: tuple[NonNegative, NonNegative] = (0.3, 2.0)
    """Deviation of such a blur, in the small face's own pixels."""
    blur: Fraction = 0.12
    noise: Fraction = 0.12
    jpeg: Fraction = 0.15
    dark: Fraction = 0.0
    """Probability of a face in a third to a tenth of the light, with the noise that comes of it."""
    grey: Fraction = 0.1
    backlight: Fraction = 0.1
    occlusion: Fraction = 0.1


class NotFaces(Group, frozen=True):
    """Crops of other things than faces, given by `--not-faces`; a crop's source is either learned
    from or judged by.
    """

    share: Fraction = 0.25
    """So many of them are shown for each face."""
    licences: tuple[str, ...] = (
        "CC0",
        "CC BY 4.0",
        "MIT",
        "Apache-2.0",
        "Apache-2.0 (OpenCV)",
    )
    """Crops of other licences are judged by only, so that the weights owe them nothing."""
    judged_by: tuple[str, ...] = ()
    """Sources that are not learned from though their licence would allow it."""
    left_out: tuple[str, ...] = ()
    """Sources that are neither learned from nor judged by."""


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
    face: NonNegative = 1.0
    """How much it counts that faces are told from other things."""


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
    layers: Literal["all", "norms"] = "all"
    """What learns: everything, or each channel's scale and shift and the two heads alone."""
    frozen_statistics: bool = False
    """Normalize by what the network was trained on, not by the batch at hand."""


class FineTuning(Training, frozen=True):
    """The same for `--start NAME.tflite`: going on gently from a network that is good already.

    A few hundred faces can move a few hundred numbers, not the 270,000 of the kernels: those
    stay as they are. After each epoch the faces of `stop` are looked at, and the best epoch is
    kept; that may be none.
    """

    enabled: bool = True
    """Whether; else `[training]` holds, begun with the file's weights."""
    epochs: Positive = 12
    batch: Positive = 32
    learning_rate: NonNegative = 0.001
    average: Fraction = 0.98
    layers: Literal["all", "norms"] = "norms"
    frozen_statistics: bool = True
    balance: Fraction = 0.5
    """In place of `[loss] balance`: with less the commonest ages gain what the rare ones lose, with
    more the other way round."""
    held_out: Fraction = 0.3
    """Share of the faces that start and result are compared on."""
    stop: Fraction = 0.2
    """Share of the others that tells which epoch is best."""
    patience: Positive = 6
    """Epochs without a better one after which the run ends."""
    rehearsal: Fraction = 0.5
    """Share of the rehearsal set's faces among those of an epoch, where there is such a set."""


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


class About(common_options.About, frozen=True):
    """What the card says of the network and of the faces it learned from."""

    description: str = "Age and gender of a face, trained with agender-convert train"


class Settings(Group, frozen=True):
    """One training run."""

    name: Name = "agender_64"
    network: Network = DEFAULT_NETWORK
    data: Data = Data()
    augment: Augment = Augment()
    not_faces: NotFaces = NotFaces()
    loss: Loss = Loss()
    training: Training = Training()
    fine_tuning: FineTuning = FineTuning()
    teacher: Teacher = Teacher()
    about: About = About()


def read_settings(path: Path | None) -> Settings:
    """The settings in the TOML file `path`, the defaults for None; ConvertError names the key."""
    return common_options.read(path, Settings)


def settings_of(config: Path | None, epochs: int | None) -> Settings:
    """The settings in the TOML file `config`, with `epochs` instead of its own where given."""
    settings = read_settings(config)
    if epochs is None:
        return settings
    changed = {
        name: msgspec.structs.replace(getattr(settings, name), epochs=epochs)
        for name in ("training", "fine_tuning")
    }
    return msgspec.structs.replace(settings, **changed)


def gentle(settings: Settings) -> Settings:
    """The settings of a fine-tuning: its own pace, and targets that leave the calibration alone.

    Smoothed genders and mixed faces would teach the heads to be less sure than they are.
    """
    how = settings.fine_tuning
    fields = {name: getattr(how, name) for name in Training.__struct_fields__}
    return msgspec.structs.replace(
        settings,
        training=Training(**fields),
        data=msgspec.structs.replace(settings.data, held_out=how.held_out),
        loss=msgspec.structs.replace(
            settings.loss, balance=how.balance, mixup=0.0, gender_smoothing=0.0
        ),
    )
