"""The training loop: scenes → a network, with checkpoints, curves and the time left."""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from converters.detect_train.look import worn
from converters.detect_train.losses import loss
from converters.detect_train.scenes import Composer, Scene
from converters.detect_train.settings import Settings
from converters.detect_train.targets import encode
from converters.detect_train.torch_net import FaceNet

COLUMNS = ("epoch", "loss", "held_out", "seconds")
SAID_EVERY = 20


class Batch(NamedTuple):
    """Pixels N × 3 × H × W, 0..1 RGB; a tuple of `Target`'s tensors a stride."""

    pixels: Tensor
    targets: list[tuple[Tensor, ...]]


def batch_of(scenes: list[Scene], random: np.random.Generator | None) -> Batch:
    """Scenes as tensors, in a new light unless `random` is None."""
    pictures = [s.picture if random is None else worn(s.picture, random) for s in scenes]
    pixels = np.stack(pictures)[..., ::-1].transpose(0, 3, 1, 2)
    each = [encode(scene) for scene in scenes]
    targets = [
        tuple(torch.from_numpy(np.stack(part)) for part in zip(*level, strict=True))
        for level in zip(*each, strict=True)
    ]
    scaled = torch.from_numpy(np.ascontiguousarray(pixels)).float() / 255
    return Batch(scaled.to(memory_format=torch.channels_last), targets)


class Trainer:
    """One run: the network, its average, its optimizer, and where they are kept."""

    def __init__(self, settings: Settings, composer: Callable[[int], Composer]) -> None:
        how = settings.training
        torch.manual_seed(how.seed)
        torch.set_num_threads(how.threads)
        self.settings = settings
        self.composer = composer
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = FaceNet(settings.network).to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
        self.average = AveragedModel(self.network, avg_fn=_averaged(how.average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), how.learning_rate, weight_decay=how.weight_decay
        )
        self.epoch = 0
        self.step = 0
        self.rows: list[dict[str, float]] = []
        held = composer(how.seed + 1_000_000)
        self.held = [held.scene() for _ in range(2 * how.batch)]

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        how = self.settings.training
        return how.epochs * (how.scenes * how.repeats // how.batch)

    def train(self, out: Path) -> None:
        """Every epoch that is left; a checkpoint and a row of curves after each."""
        while self.epoch < self.settings.training.epochs:
            began = time.monotonic()
            mean = self._epoch()
            self.epoch += 1
            row = {"epoch": self.epoch, "loss": mean, "held_out": self.judge()}
            self.rows.append(row | {"seconds": time.monotonic() - began})
            self.save(out)

    def _epoch(self) -> float:
        how = self.settings.training
        composer = self.composer(how.seed + 7919 * (self.epoch + 1))
        random = np.random.default_rng((how.seed, self.epoch))
        waiting: list[Scene] = []
        losses: list[float] = []
        total = how.scenes * how.repeats // how.batch
        self.network.train()
        began = time.monotonic()
        for number in range(total):
            # A scene comes again only after others, so that batches differ.
            while len(waiting) < min(how.batch * how.repeats, how.scenes * how.repeats):
                waiting += [composer.scene()] * how.repeats
            order = random.permutation(len(waiting))
            chosen, rest = order[: how.batch], order[how.batch :]
            losses.append(self._learn(batch_of([waiting[i] for i in chosen], random)))
            waiting = [waiting[i] for i in rest]
            if number % SAID_EVERY == SAID_EVERY - 1:
                self._say(number + 1, total, losses, time.monotonic() - began)
        return float(np.mean(losses))

    def _learn(self, batch: Batch) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        with torch.autocast(self.device, torch.bfloat16):
            outputs = self.network(batch.pixels.to(self.device))
        wrong = loss(outputs, _on(batch, self.device))
        self.optimizer.zero_grad(set_to_none=True)
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        return float(wrong.detach())

    def _rate(self) -> float:
        how = self.settings.training
        warm = max(how.warm_up * self.steps, 1)
        if self.step < warm:
            return how.learning_rate * (self.step + 1) / warm
        along = min((self.step - warm) / max(self.steps - warm, 1), 1.0)
        return how.learning_rate * max(0.5 * (1 + math.cos(math.pi * along)), 0.01)

    @torch.no_grad()
    def judge(self) -> float:
        """The loss of the averaged network on scenes that are never learned."""
        network = self.average.module.eval()
        size = self.settings.training.batch
        found = []
        for start in range(0, len(self.held), size):
            part = batch_of(self.held[start : start + size], None)
            outputs = network(part.pixels.to(self.device))
            found.append(float(loss(outputs, _on(part, self.device))))
        return float(np.mean(found))

    def _say(self, number: int, total: int, losses: list[float], seconds: float) -> None:
        left = seconds / number * (total - number)
        left += seconds / number * total * (self.settings.training.epochs - self.epoch - 1)
        mean = np.mean(losses[-SAID_EVERY:])
        end = "\n" if number == total or not sys.stderr.isatty() else "\r"
        print(
            f"epoch {self.epoch + 1}/{self.settings.training.epochs} step {number}/{total} "
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
            "step": self.step,
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
        self.epoch, self.step, self.rows = state["epoch"], state["step"], state["rows"]


def _on(batch: Batch, device: str) -> list[tuple[Tensor, ...]]:
    return [tuple(part.to(device) for part in level) for level in batch.targets]


def _averaged(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """A moving average that follows fast at first: its decay grows from 0 to `decay`."""

    def average(mean: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        now = min(decay, (1 + float(count)) / (10 + float(count)))
        return mean * now + new.to(mean.dtype) * (1 - now) if mean.is_floating_point() else new

    return average
