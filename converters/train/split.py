"""Which faces are learned from, which tell when to stop, and which are held out to judge by.

A person is never on two sides: whoever has a name in the column `person` goes as a whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.train.chips import Chips
from converters.train.settings import Settings

Mask = NDArray[np.bool_]


class Split(NamedTuple):
    """N truths each; a face is in one of the first three, or, held out of a rehearsal, in none.

    `stop` is looked at after each epoch, `held` once, when all is done. `rehearsed`: the faces
    that are not the user's own but of the kind that the network knows already.
    """

    train: Mask
    stop: Mask
    held: Mask
    rehearsed: Mask


def held_out(chips: Chips, fraction: float, seed: int, among: Mask | None = None) -> Mask:
    """Which chips are kept from training: `fraction` of every band and gender, by `seed`.

    Of a person with several pictures all are, by the first one's band and gender. `among`: the
    chips that are drawn from (default: all).
    """
    random = np.random.default_rng(seed)
    people, first, whose = np.unique(persons(chips), return_index=True, return_inverse=True)
    free = np.ones(len(people), np.bool_) if among is None else among[first]
    cell = (chips.band * 2 + chips.female)[first]
    out = np.zeros(len(people), np.bool_)
    for value in np.unique(cell):
        members = np.flatnonzero(cell == value)
        members = members[free[members]]
        out[random.permutation(members)[: round(fraction * len(members))]] = True
    return np.asarray(out[whose])


def persons(chips: Chips) -> NDArray[np.int64]:
    """A number for each face's person, in the order of the faces; who is nobody is alone."""
    numbers = np.arange(len(chips))
    if chips.person is None:
        return numbers
    place: dict[str, int] = {}
    for row, name in enumerate(chips.person.tolist()):
        numbers[row] = place.setdefault(name, row) if name else row
    return numbers


def with_whole_persons(chips: Chips, held: Mask) -> Mask:
    """`held`, and all other faces of whoever is in it."""
    whose = persons(chips)
    return np.isin(whose, whose[held])


def three_ways(chips: Chips, held: Mask, rehearsed: Mask, settings: Settings) -> Split:
    """`held` as given, of the user's other faces a share to stop by, the rest to learn from.

    `held` may have some of the rehearsal's faces: these are judged apart.
    """
    share, seed = settings.fine_tuning.stop, settings.training.seed
    stop = held_out(chips, share, seed + 1, ~held & ~rehearsed)
    return Split(~held & ~stop, stop, held & ~rehearsed, rehearsed)
