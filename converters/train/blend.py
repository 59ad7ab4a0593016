"""Two networks of one shape → one whose weights lie between theirs.

What was learned anew of rare kinds of pictures is paid with a little of what was known of the
common ones. On the straight line between the weights before and after, most of both is to be had
(Wortsman 2022, *Robust fine-tuning of zero-shot models*).
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn

from converters.nets.torch_net import AgeGender
from converters.train.answers import tensor
from converters.train.settings import Settings
from converters.train.start import Start, read_start, shaped_like
from edge.runtime.frame import Image

BATCH = 128


def blended_with(path: Path, trained: AgeGender, settings: Settings, crops: Image) -> AgeGender:
    """`trained` with `[training] blend` of the weights of the file NAME.tflite.

    crops: N × size × size × 3 of those it was trained on, for what is normal in each layer.
    ConvertError where the file is of another shape.
    """
    shape = shaped_like(path, settings)
    known = shape.network.face or not settings.network.face
    start = read_start(path, settings, crops)
    return blended(trained, _unsharpened(start), settings.training.blend, crops, face=known)


def _unsharpened(start: Start) -> AgeGender:
    """Its logits as they were before a calibration multiplied them."""
    network = deepcopy(start.network)
    with torch.no_grad():
        for head, by in (
            (network.age, start.sharpness.age),
            (network.gender, start.sharpness.gender),
        ):
            head.weight /= by
            head.bias /= by
    return network


def blended(
    trained: AgeGender, other: AgeGender, share: float, crops: Image, *, face: bool = True
) -> AgeGender:
    """`share` of the weights are those of `other`; what is normal is measured anew on the crops.

    face: whether `other` has learned to tell faces; else that head is all `trained`'s.
    """
    found, theirs = deepcopy(trained), other.state_dict()
    mixed = {
        name: _between(mine, theirs[name], share)
        if mine.is_floating_point() and (face or not name.startswith("face."))
        else mine
        for name, mine in trained.state_dict().items()
    }
    found.load_state_dict(mixed)
    _normalize(found, crops)
    return found.eval()


def _between(mine: Tensor, other: Tensor, share: float) -> Tensor:
    return mine.lerp(other.to(mine.device), share)


def _normalize(network: AgeGender, crops: Image) -> None:
    """Statistics of normalization as the mean over the crops: those of either network are of its
    own features, not of these.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    device = next(network.parameters()).device.type
    with torch.no_grad():
        for at in range(0, len(crops), BATCH):
            network(tensor(crops[at : at + BATCH], device))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
