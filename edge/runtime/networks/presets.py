"""Short names for detectors, and what to do where their models are not there."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ModelError

PRESETS: dict[str, tuple[str, ...]] = {
    "near": ("blazeface_short_128",),
    "far": ("libface_320x240", "libface_320x176"),
    "crowd": ("centerface_384x288", "centerface_384x224"),
    "mtcnn": ("mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet"),
    "yunet": ("yunet_n_320x256", "yunet_n_320x192"),
}
"""Preset → the cards it may mean; the one whose shape is nearest the frame's is taken.

MTCNN's are the three networks of its cascade, all of them used."""

SHIPPED = ("near", "far", "crowd")
"""The package brings their models; those of the others are to be converted."""

RECIPES = {"mtcnn": ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"), "yunet": ("yunet",)}
"""Preset → what `agender-convert detector` calls its networks."""

HAAR = "haar"
"""The one detector that is no network, hence has no card in the folder."""


def cards_of(name: str, folder: Path) -> tuple[str, ...]:
    """The cards that a preset, or a card's own name, means; none for Haar.

    ModelError where one is not in the folder, saying what to do about it.
    """
    if name == HAAR:
        return ()
    cards = PRESETS.get(name, (name,))
    absent = [card for card in cards if not (folder / f"{card}.json").is_file()]
    if not absent:
        return cards
    if name in RECIPES:
        commands = "; ".join(
            f"agender-convert detector {recipe} --out {folder}" for recipe in RECIPES[name]
        )
        raise ModelError(
            f"the detector {name!r} needs models that are not in {folder} "
            f"({', '.join(absent)}): convert them on a workstation ({commands}), "
            f"or take {_there(folder)}"
        )
    if name in PRESETS:
        raise ModelError(
            f"the detector {name!r} needs models that are not in {folder} ({', '.join(absent)}): "
            "set paths.models to the folder they lie in, or install the package again"
        )
    known = ", ".join(sorted(path.stem for path in folder.glob("*.json"))) or "none"
    raise ModelError(
        f"there is no model {name!r} in {folder}; the presets that can be had are "
        f"{_there(folder)}; the models there are: {known}"
    )


def _there(folder: Path) -> str:
    """The presets whose models are all there, in words."""
    whole = [
        preset
        for preset, cards in PRESETS.items()
        if all((folder / f"{card}.json").is_file() for card in cards)
    ]
    return ", ".join([*whole, HAAR])
