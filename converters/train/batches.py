"""Chips → an epoch's random batches, made in a background thread while the network learns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from converters.train.augment import augmented, plain
from converters.train.chips import Chips
from converters.train.others import Others, drawn
from converters.train.settings import Settings
from edge.runtime.frame import Image

AHEAD = 6
DRAWN_CROPS = 512


class Lot(NamedTuple):
    """What an epoch draws: `count` of the chips `members`, each as likely as `chance` says."""

    members: NDArray[np.int64]
    chance: NDArray[np.float64]
    count: int


class Batch(NamedTuple):
    """What a step sees: N faces, size × size × 3 uint8 RGB, and the chips' numbers; beside them M
    crops of faces and of other things (M is 0 where none were given), and which are faces.
    """

    pixels: Image
    members: NDArray[np.int64]
    others: Image
    other_faces: NDArray[np.bool_]


def lot_of(
    chips: Chips, learned: NDArray[np.bool_], settings: Settings, rehearsed: NDArray[np.bool_]
) -> Lot:
    """The chips that are learned from; of those that are `rehearsed` the share that is asked for.

    An epoch is as many draws as there are faces, the rehearsal's besides.
    """
    members = np.flatnonzero(learned)
    own = ~rehearsed[members]
    share = settings.fine_tuning.rehearsal if not own.all() else 0.0
    chance = np.zeros(len(members))
    for part, weight in ((own, 1 - share), (~own, share)):
        if part.any():
            balance = settings.loss.balance
            chance[part] = weight * chances(chips.band[members[part]], balance)
    count = round(own.sum() / (1 - share)) if share < 1 else len(members)
    return Lot(members, chance / chance.sum(), count)


def chances(band: NDArray[np.int64], balance: float) -> NDArray[np.float64]:
    """How likely each face is drawn: a band of n faces in proportion to n^(1 − balance)."""
    count = np.bincount(band).astype(np.float64)
    weight = np.maximum(count, 1)[band] ** -balance
    return np.asarray(weight / weight.sum())


def batch_of(faces: int, settings: Settings) -> int:
    """How many faces a step sees: those of the settings, or as many as there are."""
    return min(settings.training.batch, faces)


def epoch(
    chips: Chips, lot: Lot, settings: Settings, number: int, others: Others | None = None
) -> Iterator[Batch]:
    """Batches, as many as the lot says.

    Every (seed, epoch) draws the same faces and the same changes, so a resumed run is the same.
    """
    seed, size = settings.training.seed, batch_of(lot.count, settings)
    order = np.random.default_rng((seed, number)).choice(lot.members, lot.count, p=lot.chance)
    parts = np.split(order[: len(order) - len(order) % size], len(order) // size)
    with ThreadPoolExecutor(1) as pool:
        jobs: list[Future[Batch] | None] = []
        for at in range(len(parts) + AHEAD):
            if at < len(parts):
                seeds = (seed, number, at)
                jobs.append(pool.submit(_batch, chips, parts[at], settings, seeds, others))
            if at >= AHEAD:
                job, jobs[at - AHEAD] = jobs[at - AHEAD], None
                assert job is not None
                yield job.result()


def _batch(
    chips: Chips,
    members: NDArray[np.int64],
    settings: Settings,
    seeds: tuple[int, int, int],
    others: Others | None,
) -> Batch:
    random = np.random.default_rng(seeds)
    faces = _changed([chips.one_of(i, random) for i in members], settings, random)
    count = round(settings.not_faces.share * len(members)) if others is not None else 0
    if others is None or not count:
        return Batch(faces, members, faces[:0], np.zeros(0, np.bool_))
    pixels, which = drawn(others, chips, members, count, random)
    return Batch(faces, members, _changed(pixels, settings, random), which)


def _changed(chips: Iterable[Image], settings: Settings, random: np.random.Generator) -> Image:
    size, reach = settings.network.size, settings.data.chip_reach
    return np.stack([augmented(chip, size, reach, settings.augment, random) for chip in chips])


def plain_crops(chips: Chips, members: NDArray[np.int64], settings: Settings) -> Image:
    """N × size × size × 3 uint8 RGB, nothing changed."""
    return crops_of(chips.pixels[members], settings)


def crops_of(pixels: Image, settings: Settings) -> Image:
    """N chips → their crops, N × size × size × 3, nothing changed."""
    size, reach = settings.network.size, settings.data.chip_reach
    return np.stack([plain(chip, size, reach) for chip in pixels])


def drawn_crops(chips: Chips, members: NDArray[np.int64], settings: Settings) -> Image:
    """Some crops as in training, bad light and all, from which layers take their ranges."""
    random = np.random.default_rng(settings.training.seed)
    chosen = random.choice(members, min(DRAWN_CROPS, len(members)), replace=False)
    return _changed((chips.pixels[i] for i in chosen), settings, random)


def small_crops(
    chips: Chips, members: NDArray[np.int64], settings: Settings, px: int, blur_px: float = 0.0
) -> Image:
    """The plain crops as of faces `px` pixels wide: reduced as a lens does, then enlarged.

    blur_px: out of focus by a Gaussian of this deviation, in the small face's own pixels.
    """
    data, size = settings.data, settings.network.size
    side = round(data.chip_px / data.chip_reach)
    out = np.empty((len(members), size, size, 3), np.uint8)
    for row, member in enumerate(members):
        face = plain(chips.pixels[member], side, data.chip_reach)
        little = cv2.resize(face, (px, px), interpolation=cv2.INTER_AREA)
        if blur_px:
            little = cv2.GaussianBlur(little, (0, 0), blur_px)
        cv2.resize(little, (size, size), dst=out[row], interpolation=cv2.INTER_LINEAR)
    return out
