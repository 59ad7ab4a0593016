"""Crops as a camera might have given them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from converters.train.augment import augmented, plain
from converters.train.batches import small_crops
from converters.train.settings import Augment
from tests.train.faces import chips, settings

NEVER = Augment(
    turn_degrees=0, scale=0, shift=0, light=0, small=0, blur=0, noise=0, jpeg=0, grey=0,
    backlight=0, occlusion=0,
)  # fmt: skip


def waves(side: int = 112) -> np.ndarray:
    """A smooth picture whose three channels differ and whose every place is told apart."""
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    channels = [128 + 90 * np.sin(x / 17), 128 + 90 * np.cos(y / 13), (x + y) * 255 / (2 * side)]
    return np.stack(channels, -1).astype(np.uint8)


def test_the_same_seed_gives_the_same_crop():
    """Two generators of one seed draw the same change; another seed another."""
    first, same, other = (
        augmented(waves(), 64, 1.25, Augment(), np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_crops_are_pictures_of_the_asked_size():
    """Whatever is drawn, the crop is uint8 RGB of the asked size."""
    random = np.random.default_rng(0)
    always = Augment(small=1, blur=1, noise=1, jpeg=1, grey=0.5, backlight=1, occlusion=1)
    for _ in range(50):
        crop = augmented(waves(), 48, 1.25, always, random)
        assert (crop.shape, crop.dtype) == ((48, 48, 3), np.uint8)


def test_nothing_drawn_changes_nothing_but_left_and_right():
    """With every change off a crop is the plain one or its mirror image."""
    straight = plain(waves(), 64, 1.25)
    for seed in range(6):
        crop = augmented(waves(), 64, 1.25, NEVER, np.random.default_rng(seed))
        assert any(np.abs(crop.astype(int) - s).max() <= 1 for s in (straight, straight[:, ::-1]))


@pytest.mark.parametrize("size", [96, 64, 32, 20])
def test_the_plain_crop_is_the_middle_of_the_chip_at_any_size(size):
    """Pixel (i, j) of the crop shows what lies there in the chip, to a fraction of a pixel."""
    side, reach = 112, 1.25
    crop = plain(waves(side), size, reach).astype(float)
    middles = (np.arange(size) + 0.5) / size
    places = (0.5 + (middles - 0.5) / reach) * side - 0.5
    assert np.abs(crop[size // 2, :, 0] - (128 + 90 * np.sin(places / 17))).max() < 4
    assert np.abs(crop[:, size // 2, 1] - (128 + 90 * np.cos(places / 13))).max() < 4


@pytest.mark.parametrize("change", ["light", "turn_degrees", "scale", "shift"])
def test_more_of_a_change_changes_more(change):
    """Mean distance from the plain crop grows with the setting."""
    straight = plain(waves(), 64, 1.25).astype(float)

    def distance(amount: float) -> float:
        how = msgspec.structs.replace(NEVER, **{change: amount})
        crops = (
            augmented(waves(), 64, 1.25, how, np.random.default_rng(seed)) for seed in range(20)
        )
        return float(
            np.mean(
                [min(np.abs(c - s).mean() for s in (straight, straight[:, ::-1])) for c in crops]
            )
        )

    small, large = (0.02, 0.1) if change != "turn_degrees" else (2, 12)
    assert 0 <= distance(small) < distance(large)


@pytest.mark.parametrize("change", ["dark", "small_worn"])
def test_cameras_wear_faces_down(change):
    """Little light takes the brightness and a small worn face the detail, in most draws."""
    how = msgspec.structs.replace(NEVER, small=1, small_px=(24, 24))
    worn = msgspec.structs.replace(how, **{change: 1})
    chip = np.random.default_rng(1).integers(0, 256, (112, 112, 3)).astype(np.uint8)

    def measure(options: Augment, seed: int) -> float:
        crop = augmented(chip, 64, 1.25, options, np.random.default_rng(seed)).astype(float)
        return float(crop.mean() if change == "dark" else np.abs(np.diff(crop, axis=1)).mean())

    less = [measure(worn, seed) < measure(how, seed) for seed in range(40)]
    assert np.mean(less) > 0.7


def test_a_small_face_has_lost_its_detail():
    """Stripes of one pixel are grey at 4 pixels; what is as large as the picture stays."""
    faces, how = chips(4), settings()
    pixels = faces.pixels.copy()
    pixels[:, ::2] = 0
    striped = replace(faces, pixels=pixels)
    little = small_crops(striped, np.arange(4), how, 4)
    assert little.shape == (4, 16, 16, 3)
    for face, whole in zip(little, faces.pixels, strict=True):
        assert face.std((0, 1)).max() < 12
        assert face.mean((0, 1)) == pytest.approx(whole.mean((0, 1)) / 2, abs=12)
