"""The training loop: scenes → a student that answers as its teacher does."""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, IterableDataset

from converters.detect_train.equalize import equalize
from converters.detect_train.losses import loss, opening_loss
from converters.detect_train.scenes import Composer
from converters.detect_train.settings import Settings
from converters.detect_train.torch_net import Answer, Student, Teacher
from converters.detectors.libface import Weights
from converters.train.optimizer import follow
from edge.runtime.frame import Image

COLUMNS = ("epoch", "loss", "held_out", "seconds")
SAID_EVERY = 20
HELD_OUT = 2
"""Batches of scenes that are never learned from."""
HELD_SEED = 1_000_000
GRADIENT_MAX = 5.0
MakeComposer = Callable[[int], Composer]
"""A seed → its scenes."""


class Stream(IterableDataset[Image]):
    """`count` scenes of a composer that is made where they are drawn."""

    def __init__(self, make: Callable[[], Composer], repeats: int, count: int) -> None:
        super().__init__()
        self._drawn = (make, repeats, count)

    def __iter__(self) -> Iterator[Image]:
        make, repeats, count = self._drawn
        return islice(make().stream(repeats), count)


class Trainer:
    """One run: the student, its average, its optimizer, and where they are kept."""

    def __init__(self, settings: Settings, weights: Weights, make: MakeComposer) -> None:
        how = settings.training
        torch.manual_seed(how.seed)
        torch.set_num_threads(how.threads)
        self.settings = settings
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.teacher = Teacher(weights).to(self.device).eval()
        self.network = Student(weights).to(self.device).train()
        for network in (self.teacher, self.network):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
        self.average = AveragedModel(
            self.network, multi_avg_fn=follow(how.average), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), how.learning_rate, weight_decay=how.weight_decay
        )
        self.epoch = 0
        self.rows: list[dict[str, float]] = []
        self._make = make
        held = partial(make, how.seed + HELD_SEED)
        self.held = list(self._batches(held, HELD_OUT, 0))

    @property
    def epochs(self) -> int:
        """Of the whole run, the opening included."""
        return self.settings.training.opening_epochs + self.settings.training.epochs

    def train(self, out: Path) -> None:
        """Every epoch that is left; a checkpoint and a row of curves after each."""
        while self.epoch < self.epochs:
            began = time.monotonic()
            self._round()
            mean = self._epoch()
            self.epoch += 1
            row = {"epoch": self.epoch, "loss": mean, "held_out": self.judge()}
            self.rows.append(row | {"seconds": time.monotonic() - began})
            self.save(out)

    def _round(self) -> None:
        """Round like int8 from the epoch on that is said, which begins with the average."""
        first = self.epochs - self.settings.training.stepped_epochs
        if self.epoch == first:
            equalize(self.average.module, self.held[0].to(self.device))  # type: ignore[arg-type]
            self.network.load_state_dict(self.average.module.state_dict())
        self.network.stepped(self.epoch >= first)

    def _epoch(self) -> float:
        how = self.settings.training
        make = partial(self._make, how.seed + 7919 * (self.epoch + 1))
        losses: list[float] = []
        began = time.monotonic()
        for number, pixels in enumerate(self._batches(make, how.steps, how.workers), 1):
            losses.append(self._learn(pixels.to(self.device), number - 1))
            if number % SAID_EVERY == 0 or number == how.steps:
                self._say(number, losses, time.monotonic() - began)
        return float(np.mean(losses))

    def _batches(self, make: Callable[[], Composer], count: int, workers: int) -> Iterator[Tensor]:
        """N × 3 × H × W, BGR 0..255."""
        how = self.settings.training
        stream = Stream(make, how.repeats, count * how.batch)
        for pictures in DataLoader(stream, how.batch, num_workers=workers):
            pixels = pictures.permute(0, 3, 1, 2).float()
            yield pixels.contiguous(memory_format=torch.channels_last)

    def _learn(self, pixels: Tensor, step: int) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(step)
        wrong = self._wrong(pixels, step)
        self.optimizer.zero_grad(set_to_none=True)
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_MAX)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return float(wrong.detach())

    def _wrong(self, pixels: Tensor, step: int) -> Tensor:
        said = self.teacher(pixels)
        if self.epoch < self.settings.training.opening_epochs:
            fine = self.network.opening(pixels)
            # Each new layer by itself: the second is given what the teacher has before it.
            return opening_loss(Answer(fine, self.network.fourth(said.fine), [], []), said)
        return loss(self.network(pixels), said, self._along(step))

    def _along(self, step: int) -> float:
        """The share of the run after the opening, or of the opening, that is done."""
        how = self.settings.training
        opening = self.epoch < how.opening_epochs
        epochs = how.opening_epochs if opening else how.epochs
        done = self.epoch if opening else self.epoch - how.opening_epochs
        return (done + step / how.steps) / epochs

    def _rate(self, step: int) -> float:
        how = self.settings.training
        along = self._along(step)
        opening = self.epoch < how.opening_epochs
        most = how.opening_rate if opening else how.learning_rate
        if along < how.warm_up:
            return most * max(along / how.warm_up, 0.01)
        return most * max(0.5 * (1 + math.cos(math.pi * along)), 0.01)

    @torch.no_grad()
    def judge(self) -> float:
        """The loss of the averaged network on scenes that are never learned."""
        network = self.average.module.eval()
        found = []
        for pixels in self.held:
            moved = pixels.to(self.device)
            found.append(float(loss(network(moved), self.teacher(moved), 1.0)))
        return float(np.mean(found))

    def _say(self, number: int, losses: list[float], seconds: float) -> None:
        total = self.settings.training.steps
        left = seconds / number * (total - number + total * (self.epochs - self.epoch - 1))
        mean = np.mean(losses[-SAID_EVERY:])
        end = "\n" if number == total or not sys.stderr.isatty() else "\r"
        print(
            f"epoch {self.epoch + 1}/{self.epochs} step {number}/{total} "
            f"loss {mean:.3f}, {left / 60:.0f} min left",
            file=sys.stderr,
            end=end,
            flush=True,
        )

    def save(self, out: Path) -> None:
        """checkpoint.pt and curves.csv, each whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "rows": self.rows,
        }
        partial = out / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(out / "checkpoint.pt")
        with (out / "curves.partial").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)
        (out / "curves.partial").replace(out / "curves.csv")

    def resume(self, path: Path) -> None:
        """Go on where the checkpoint `path` stopped."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.rows = state["epoch"], state["rows"]
