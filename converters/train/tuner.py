"""Fine-tuning: a finished network goes on learning gently, and the best of what comes out stays."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from converters.nets.torch_net import AgeGender
from converters.train.answers import logits
from converters.train.batches import lot_of, plain_crops
from converters.train.chips import Chips
from converters.train.loop import Beside, Trainer
from converters.train.losses import age_targets, loss
from converters.train.settings import Settings
from converters.train.soft_labels import SoftLabels
from converters.train.split import Split
from converters.train.start import Start


class Tuner(Trainer):
    """A run that begins with `start` and is judged after each epoch by the faces to stop by.

    What is best is what these faces are least surprised by; before the first epoch that is the
    start itself.
    """

    def __init__(
        self,
        settings: Settings,
        chips: Chips,
        split: Split,
        start: Start,
        soft_labels: SoftLabels | None = None,
    ) -> None:
        lot = lot_of(chips, split.train, settings, split.rehearsed)
        super().__init__(settings, chips, split.stop, Beside(soft_labels), lot)
        self.sharpness = start.sharpness
        self.begin_with(start.network)
        self._freeze()
        self.best: dict[str, Tensor] = deepcopy(self.average.module.state_dict())
        self.best_epoch = 0
        self.best_loss = self.surprise(self.result)

    def _freeze(self) -> None:
        """Only what `layers` names learns."""
        if self.settings.training.layers == "all":
            return
        heads = {id(p) for head in self.network.linear for p in head.parameters()}
        for parameter in self.network.parameters():
            parameter.requires_grad_(parameter.ndim == 1 or id(parameter) in heads)

    def _set_mode(self) -> None:
        self.network.train()
        if self.settings.training.frozen_statistics:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def _loss(self, age: Tensor, gender: Tensor, target: Tensor, female: Tensor) -> Tensor:
        age, gender = age / self.sharpness.age, gender / self.sharpness.gender
        return loss(age, gender, target, female, self.settings.loss)

    def run_epoch(self) -> float:
        """One pass; keeps what came out where it is the best so far."""
        mean = super().run_epoch()
        value = self.surprise(self.average)
        if value < self.best_loss:
            self.best_loss, self.best_epoch = value, self.done
            self.best = deepcopy(self.average.module.state_dict())
        return mean

    def surprise(self, network: nn.Module) -> float:
        """The loss on the plain faces to stop by."""
        crops = plain_crops(self.chips, self.held, self.settings)
        said = logits(network, crops)
        age, gender = torch.from_numpy(said.age), torch.from_numpy(said.gender)
        how = self.settings
        band = torch.from_numpy(self.chips.band[self.held])
        target = age_targets(band, how.network.age_bands, how.loss.neighbour)
        female = torch.from_numpy(self.chips.female[self.held].astype(np.float32))
        return float(self._loss(age, gender, target, female))

    @property
    def finished(self) -> bool:
        """Whether the epochs are over, or none was better for a while."""
        patience = self.settings.fine_tuning.patience
        return super().finished or self.done - self.best_epoch >= patience

    @property
    def result(self) -> AgeGender:
        """The network of the best epoch."""
        network = deepcopy(super().result)
        network.load_state_dict(self.best)
        return network.eval()

    def _more(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "best_loss": self.best_loss}

    def load(self, path: Path) -> dict[str, Any]:
        """Go on from `path`, with the best that it had found."""
        state = super().load(path)
        self.best = state["best"]
        self.best_epoch, self.best_loss = state["best_epoch"], state["best_loss"]
        return state
