"""Faces that can be learned in a second: pictures whose colour tells age and gender."""

from __future__ import annotations

import numpy as np

from converters.nets.spec import Network, Stage
from converters.train.chips import Chips
from converters.train.settings import Augment, Data, Loss, Settings, Training

SMALL = Network(16, (Stage(8), Stage(8, 1)))


def settings(epochs: int = 2, seed: int = 1) -> Settings:
    """A run over in a second."""
    return Settings(
        name="tiny",
        network=SMALL,
        data=Data(chip_px=20, held_out=0.25),
        augment=Augment(grey=0, light=0.05, backlight=0, small=0),
        loss=Loss(mixup=0.5),
        training=Training(
            epochs=epochs, batch=16, learning_rate=0.02, average=0.8, dropout=0.0, seed=seed
        ),
    )


def chips(faces: int = 160) -> Chips:
    """Blue grows with age, women are red."""
    random = np.random.default_rng(0)
    band, female = random.integers(0, 9, faces), random.random(faces) < 0.5
    pixels = np.zeros((faces, 20, 20, 3), np.uint8)
    pixels[..., 0] = np.where(female, 220, 20)[:, None, None]
    pixels[..., 2] = (band * 28 + 10)[:, None, None]
    pixels[..., 1] = random.integers(100, 120, (faces, 20, 20))
    names = np.array([f"images/{i}.jpg" for i in range(faces)])
    return Chips(pixels, band, female, np.where(band % 2, "East", "West"), names)
