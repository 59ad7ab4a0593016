"""The parts of a card that say how an estimator is fed and how its answers are read."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.runtime.networks.card_keys import (
    AGE_LEAST_YEARS,
    AGE_MOST_YEARS,
    Fraction,
    Index,
    Margin,
    Name,
    Part,
    Sharpness,
    Side,
    Tensor,
    Text,
    Word,
    Years,
    about,
)

AGE_KINDS = ("regression", "expectation", "argmax", "index")
CHANCE_KINDS = ("probability", "softmax")
Shift = Annotated[float, Meta(ge=-10_000, le=10_000)]
Place = tuple[Annotated[float, Meta(ge=-1, le=2)], Annotated[float, Meta(ge=-1, le=2)]]
APART_MIN = 0.05
"""How far apart a crop's landmarks have to lie, in its sides, to say how a face is turned."""


class Input(Part, frozen=True):
    """How pixels become the input tensor, N × height × width × 3 (grey: × 1).

    tensor = (pixel − mean) × scale, for pixels 0..255 in `colour` order, channel by channel;
    an integer tensor is then quantized with the tensor's own scale and zero point.
    """

    width: Annotated[Side, about("Width of the input tensor.", 64, "pixels")]
    height: Annotated[Side, about("Height of the input tensor.", 64, "pixels")]
    colour: Annotated[
        Literal["bgr", "rgb", "grey"],
        about("Order of the channels; grey: one channel, of luma (ITU-R BT.601).", "rgb"),
    ]
    mean: Annotated[
        tuple[Shift, Shift, Shift],
        about(
            "Taken from each channel's pixels, in `colour` order; grey: the first.",
            [127.5, 127.5, 127.5],
            "pixel values",
        ),
    ] = (0.0, 0.0, 0.0)
    scale: Annotated[
        tuple[Shift, Shift, Shift],
        about(
            "What is left is multiplied by this, channel by channel; not 0.",
            [0.0078125, 0.0078125, 0.0078125],
        ),
    ] = (1.0, 1.0, 1.0)
    within: Annotated[
        Text,
        about(
            "For the record: what the network itself does before its first layer.",
            "standardizes each picture (mean 0, deviation 1)",
        ),
    ] = ""
    batch_max: Annotated[
        int,
        about(
            "Pictures that one invocation takes at most; 1 for a file of a fixed batch.",
            1,
            "pictures",
            ge=1,
            le=8,
        ),
    ] = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 in self.scale:
            raise ValueError("`scale` holds a 0, so that the network would see nothing")

    @property
    def channels(self) -> int:
        """Of the tensor and of a crop."""
        return 1 if self.colour == "grey" else 3


class Alignment(Part, frozen=True):
    """Where a crop's landmarks lie, as fractions of its width and height from its upper left."""

    right_eye: Annotated[Place, about("The person's right eye, left in the crop.", [0.32, 0.34])]
    left_eye: Annotated[Place, about("The other eye.", [0.68, 0.34])]
    nose: Annotated[Place, about("The tip of the nose.", [0.5, 0.525])]
    mouth: Annotated[Place, about("The middle of the mouth.", [0.5, 0.7])]

    def __post_init__(self) -> None:
        super().__post_init__()
        places = (self.right_eye, self.left_eye, self.nose, self.mouth)
        spread = max(max(axis) - min(axis) for axis in zip(*places, strict=True))
        if not spread >= APART_MIN:
            raise ValueError("the landmarks of `alignment` lie in one place")


class Crop(Part, frozen=True):
    """How a face is cut from the full frame.

    With `alignment`, and where the detector gives keypoints, the least-squares similarity
    transform brings the landmarks to the named places. Otherwise a square round the box's centre
    is cut whose side is (1 + 2 × margin) × the box's longer side.
    """

    margin: Annotated[Margin, about("Room on each side of the detector's box.", 0.1, "box sides")]
    margins: Annotated[
        dict[Name, Margin],
        about(
            "The same for a detector family, since each draws its boxes differently.",
            {"centerface": 0.04},
            "box sides",
            max_length=32,
        ),
    ] = msgspec.field(default_factory=dict)
    alignment: Annotated[
        Alignment | None, about("Where landmarks are brought to; unset: boxes alone count.")
    ] = None


class Output(Part, frozen=True, kw_only=True):
    """How one output tensor becomes an attribute; the kinds are in `edge.runtime.estimate.decode`.

    Of two genders `positive` is the one at `positive_index`; of a face and something else that is
    the face.
    """

    attribute: Annotated[
        Literal["age", "gender", "face"],
        about("What it says of a crop; face: whether it shows one at all.", "age"),
    ]
    kind: Annotated[
        Literal["regression", "expectation", "argmax", "index", "probability", "softmax"],
        about(
            "How its values are read; age: regression, expectation, argmax or index; gender and "
            "face: probability or softmax.",
            "expectation",
        ),
    ]
    tensor: Annotated[Tensor, about("Its index among the file's outputs.", 1)] = 0
    values: Annotated[
        tuple[Years, ...],
        about(
            "The classes' ages, in the tensor's order; none: the classes' indices.",
            [1.0, 6.0, 14.5],
            "years",
            max_length=1024,
        ),
    ] = ()
    labels: Annotated[
        tuple[Word, ...],
        about("The classes' names, as many as `values`.", ["0-2", "3-9", "10-19"], max_length=1024),
    ] = ()
    factor: Annotated[
        Years, about("What was found is multiplied by this; not 0.", 100.0, "years")
    ] = 1.0
    offset: Annotated[Years, about("Then this is added.", 15.0, "years")] = 0.0
    positive: Annotated[
        Literal["female", "male"], about("Whose share or probability is said.", "male")
    ] = "female"
    positive_index: Annotated[Index, about("That gender's class; of a softmax.", 1)] = 0
    logits: Annotated[
        bool, about("The values are taken before softmax or the logistic function.", True)
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        kinds = AGE_KINDS if self.attribute == "age" else CHANCE_KINDS
        if self.kind not in kinds:
            raise ValueError(
                f"an output for {self.attribute} is of kind {', '.join(kinds)}, not {self.kind}"
            )
        if self.kind == "argmax" and not self.values:
            raise ValueError("an output of kind argmax needs `values`, the years of each class")
        if self.labels and len(self.labels) != len(self.values):
            raise ValueError(f"{len(self.labels)} labels name {len(self.values)} values")
        if self.factor == 0:
            raise ValueError("`factor` is 0, so that everybody would be of one age")
        if self.kind in ("expectation", "argmax"):
            refuse_impossible_ages(self, self.values)


def refuse_impossible_ages(output: Output, values: tuple[float, ...]) -> None:
    """ValueError where classes of these values would be ages that nobody has."""
    ages = [value * output.factor + output.offset for value in values]
    if ages and not AGE_LEAST_YEARS <= min(ages) <= max(ages) <= AGE_MOST_YEARS:
        raise ValueError(
            f"its ages reach from {min(ages):g} to {max(ages):g} years; right are "
            f"{AGE_LEAST_YEARS:g} to {AGE_MOST_YEARS:g}: are `values`, `factor` and `offset` right?"
        )


class Estimator(Part, frozen=True):
    """What an estimator's runtime needs beyond its input."""

    crop: Annotated[Crop, about("How a face is cut.")]
    outputs: Annotated[
        tuple[Output, ...], about("What is read of its answers.", min_length=1, max_length=3)
    ]
    gender_confidence_min: Annotated[
        Fraction, about("A gender less probable than this is `unknown`.", 0.6, "probability")
    ] = 0.6
    age_spread_max_years: Annotated[
        Annotated[float, Meta(gt=0, le=120)] | None,
        about("Ages of one person that differ by more are `unknown`; unset: never.", 12.0, "years"),
    ] = None
    age_deviation_max_years: Annotated[
        Annotated[float, Meta(gt=0, le=120)] | None,
        about(
            "The age read off a crop is not believed where its distribution is wider than this "
            "(standard deviation); of kind expectation; unset: always believed.",
            11.0,
            "years",
        ),
    ] = None
    face_min: Annotated[
        Fraction,
        about(
            "A visit of which no crop shows a face with this probability is nobody's.",
            0.2,
            "probability",
        ),
    ] = 0.0
    age_sharpness_min: Annotated[
        Sharpness,
        about(
            "The age read off a crop that is less sharp is not believed: blur reads as youth.",
            0.3,
            "sharpness",
        ),
    ] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        said = [output.attribute for output in self.outputs]
        if len(set(said)) != len(said):
            raise ValueError("two of `outputs` give the same attribute")
        if self.age_deviation_max_years is not None and not any(
            output.kind == "expectation" for output in self.outputs
        ):
            raise ValueError("`age_deviation_max_years` needs an age of kind expectation")
        if self.face_min and "face" not in said:
            raise ValueError("`face_min` needs an output for face")
