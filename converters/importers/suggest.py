"""Other ways to feed and to read a network, tried on the same faces: which would be better.

What an author did to pixels before training is rarely written down; but there are few ways, and
measuring tells them apart in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from converters.evaluate.measures import Labelled
from converters.evaluate.verdict import Said
from converters.intervals import interval
from edge.runtime.networks.card import Card, Input

Triple = tuple[float, float, float]
Colour = Literal["rgb", "bgr"]
IMAGENET_MEAN, IMAGENET_SCALE = (123.675, 116.28, 103.53), (1 / 58.395, 1 / 57.12, 1 / 57.375)
"""torchvision's, for R, G, B."""
CAFFE_MEAN = (123.68, 116.779, 103.939)
"""Of the VGG networks, for R, G, B."""
RANGES: tuple[tuple[Triple, Triple], ...] = (
    ((0.0,) * 3, (1.0,) * 3),
    ((0.0,) * 3, (1 / 255,) * 3),
    ((127.5,) * 3, (1 / 127.5,) * 3),
    ((127.5,) * 3, (1 / 128,) * 3),
    (IMAGENET_MEAN, IMAGENET_SCALE),
    (CAFFE_MEAN, (1.0,) * 3),
)
"""Means and scales that networks are fed with, for R, G, B."""
GAIN_MIN = 0.03
"""A share of genders, or of the age error, below which no way is worth a word."""

Ask = Callable[[Input], Said]
"""What the network says of the faces where it is fed so."""


class Way(NamedTuple):
    """One way to feed the network, and what it says then."""

    input: Input
    said: Said

    def words(self) -> str:
        """The template's lines for it."""
        mean, scale = (_triple(part) for part in (self.input.mean, self.input.scale))
        return f'colour = "{self.input.colour}", mean = {mean}, scale = {scale}'


class Trials(NamedTuple):
    """The card's own input, how to ask the network, and which of the faces it is asked about.

    `ranges`: whether others than its own can matter, which a network that standardizes each picture
    rules out.
    """

    card: Card
    ask: Ask
    rows: NDArray[np.int64]
    ranges: bool = True

    def better(self, labelled: Labelled, own: Said) -> list[str]:
        """A sentence for each attribute that another way says surely better."""
        ways = [Way(spec, self.ask(spec)) for spec in inputs(self.card.input, self.ranges)]
        found = [_better_age(labelled, own, ways), _better_gender(labelled, own, ways)]
        return [text for text in found if text]


def inputs(spec: Input, ranges: bool) -> Iterator[Input]:
    """All ways to feed a network of this size, its own left out."""
    colours: tuple[Colour, ...] = ("rgb", "bgr")
    for colour in colours if spec.colour != "grey" else (spec.colour,):
        tried = [(spec.mean, spec.scale), *(_ordered(pair, colour) for pair in RANGES if ranges)]
        for mean, scale in dict.fromkeys(tried):
            made = msgspec.structs.replace(spec, colour=colour, mean=mean, scale=scale)
            if made != spec:
                yield made


def _ordered(pair: tuple[Triple, Triple], colour: str) -> tuple[Triple, Triple]:
    if colour != "bgr":
        return pair
    mean, scale = (part[::-1] for part in pair)
    return mean, scale


def _better_age(labelled: Labelled, own: Said, ways: Sequence[Way]) -> str:
    if np.isnan(own.years).all() or not ways:
        return ""
    errors = np.abs(own.years - labelled.years)
    tried = [(way.words(), np.abs(way.said.years - labelled.years)) for way in ways]
    best = min(float(one.mean()) for _, one in tried)
    words, theirs = next(one for one in tried if one[1].mean() <= best * (1 + GAIN_MIN))
    if theirs.mean() > (1 - GAIN_MIN) * errors.mean() or interval(errors - theirs)[0] <= 0:
        return ""
    return (
        f"measured on the same {len(errors)} faces: an age error of {theirs.mean():.1f} instead of "
        f"{errors.mean():.1f} years with {words}"
    )


def _better_gender(labelled: Labelled, own: Said, ways: Sequence[Way]) -> str:
    if np.isnan(own.women).all():
        return ""
    right = _right(labelled, own.women)
    turned = "women and men exchanged (`positive`)"
    fed = [(way.words(), _right(labelled, way.said.women)) for way in ways]
    # The simplest of those that are as good as the best.
    tried = [(turned, ~right), *fed, *((f"{words} and {turned}", ~one) for words, one in fed)]
    best = max(float(one.mean()) for _, one in tried)
    words, theirs = next(one for one in tried if one[1].mean() >= best - GAIN_MIN)
    gains = theirs.astype(float) - right
    if gains.mean() < GAIN_MIN or interval(gains)[0] <= 0:
        return ""
    return (
        f"measured on the same {len(right)} faces: gender {theirs.mean():.3f} instead of "
        f"{right.mean():.3f} with {words}"
    )


def _right(labelled: Labelled, women: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((women > 0.5) == labelled.female)


def _triple(values: Triple) -> str:
    return f"[{', '.join(f'{value:.6g}' for value in values)}]"
