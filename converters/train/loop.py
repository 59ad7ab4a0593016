"""The training loop: batches → a network, with checkpoints, curves and the time left."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from converters.errors import ConvertError
from converters.nets.torch_net import AgeGender
from converters.train.answers import figures, logits, tensor
from converters.train.batches import Batch, Lot, batch_of, crops_of, epoch, lot_of, plain_crops
from converters.train.chips import Chips
from converters.train.losses import age_targets, face_loss, loss
from converters.train.optimizer import follow, mixed, parameter_groups, warmed_cosine
from converters.train.others import Others, removed
from converters.train.settings import Settings
from converters.train.soft_labels import SoftLabels

COLUMNS = ("epoch", "loss", "exact", "one_off", "years", "gender", "gender_adults", "seconds",
           "not_faces")  # fmt: skip


class Beside(NamedTuple):
    """What is learned from beside the labels: a teacher's soft labels, one row for each of the
    chips; crops to tell faces from other things by.
    """

    soft_labels: SoftLabels | None = None
    others: Others | None = None


NOTHING = Beside()


class Trainer:
    """One run: the network, its average, its optimizer, and where they are kept."""

    def __init__(
        self,
        settings: Settings,
        chips: Chips,
        held: NDArray[np.bool_],
        beside: Beside = NOTHING,
        lot: Lot | None = None,
    ) -> None:
        """`held` are looked at after each epoch; `lot`: what is learned from (the rest)."""
        how = settings.training
        torch.manual_seed(how.seed)
        torch.set_num_threads(how.threads)
        self.settings = settings
        self.chips = chips
        self.others = beside.others
        self.lot = lot or lot_of(chips, ~held, settings, np.zeros(len(chips), np.bool_))
        self.held = np.flatnonzero(held)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = AgeGender(settings.network, how.dropout).to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
        self.average = AveragedModel(
            self.network, multi_avg_fn=follow(how.average), use_buffers=True
        )
        self.soft_labels = beside.soft_labels
        self.hint = _hint(settings.network.stages[-1].channels, beside.soft_labels).to(self.device)
        """Tells the teacher's features from the network's; left behind when trained."""
        self.steps = how.epochs * (self.lot.count // batch_of(self.lot.count, settings))
        learners = torch.nn.ModuleList([self.network, self.hint])
        self.optimizer = torch.optim.AdamW(
            parameter_groups(learners, how.weight_decay), lr=how.learning_rate
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: warmed_cosine(step, self.steps, how.warm_up)
        )
        self.done = 0

    def begin_with(self, network: AgeGender) -> None:
        """Take the weights of `network` instead of random ones."""
        for mine in (self.network, self.average.module):
            mine.load_state_dict(network.state_dict())

    def run_epoch(self) -> float:
        """One pass; returns the mean loss."""
        self._set_mode()
        losses: list[float] = []
        for batch in epoch(self.chips, self.lot, self.settings, self.done, self.others):
            losses.append(self._step(batch))
        self.done += 1
        return float(np.mean(losses))

    def _set_mode(self) -> None:
        self.network.train()

    @property
    def finished(self) -> bool:
        """Whether another epoch would change nothing any more."""
        return self.done >= self.settings.training.epochs

    @property
    def result(self) -> AgeGender:
        """The network with the averaged weights."""
        network = self.average.module
        assert isinstance(network, AgeGender)
        return network

    def _step(self, batch: Batch) -> float:
        value = self._value(batch)
        self.optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call] # torch's own
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        return float(value.detach())

    def _value(self, batch: Batch) -> Tensor:
        """What is minimized, for one batch. Only its faces have an age, a gender and a teacher."""
        how, faces = self.settings.loss, len(batch.members)
        x = tensor(batch.pixels, self.device)
        targets = [part.to(self.device) for part in self._targets(batch.members)]
        if torch.rand(()) < how.mixup:
            x, *targets = mixed(x, *targets)
        if len(batch.others):
            x = torch.cat([x, tensor(batch.others, self.device)])
        with torch.autocast(self.device, torch.bfloat16):
            features = self.network.features(x)
            said = self.network.heads(features)
            told = self.hint(features[:faces])[:, : targets[2].shape[1]]
        value = self._loss(said.age[:faces].float(), said.gender[:faces].float(), *targets[:2])
        if told.shape[1]:
            value = value + how.features * functional.mse_loss(told.float(), targets[2])
        if len(said.face):
            which = torch.from_numpy(batch.other_faces).to(self.device)
            face = said.face.float()
            value = value + how.face * face_loss(face[:faces], face[faces:], which)
        return value

    def _loss(self, age: Tensor, gender: Tensor, target: Tensor, female: Tensor) -> Tensor:
        return loss(age, gender, target, female, self.settings.loss)

    def _targets(self, members: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        """Age distributions N × bands, shares of "woman" N: the labels', with the teacher's;
        the teacher's features, N × as many as it has.
        """
        how = self.settings.loss
        band = torch.from_numpy(self.chips.band[members])
        target = age_targets(band, self.settings.network.age_bands, how.neighbour)
        female = torch.from_numpy(self.chips.female[members]).float()
        if self.soft_labels is None:
            return target, female, torch.zeros(len(members), 0)
        age, woman, features = (
            torch.from_numpy(part[members]).float() for part in self.soft_labels
        )
        return target.lerp(age, how.teacher), female.lerp(woman, how.teacher), features

    def judge(self) -> dict[str, float]:
        """The averaged network on the held-out faces."""
        crops = plain_crops(self.chips, self.held, self.settings)
        said = logits(self.average, crops)
        band, female = self.chips.band[self.held], self.chips.female[self.held]
        found = figures(said.age, said.gender, band, female)
        if self.others is not None:
            found["not_faces"] = removed(said.face, self._judged(self.others))
        return found

    def _judged(self, others: Others) -> NDArray[np.float32]:
        """Face logits of the other things that are not learned from."""
        judged = others.pixels[~others.learned & ~others.face]
        return logits(self.average, crops_of(judged, self.settings)).face

    def save(self, path: Path) -> None:
        """Write everything that `load` needs to go on as if nothing had happened."""
        state = {name: getattr(self, name).state_dict() for name in _KEPT}
        state |= {"done": self.done, "random": torch.get_rng_state(), **self._more()}
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def _more(self) -> dict[str, Any]:
        """What a kind of run keeps besides."""
        return {}

    def load(self, path: Path) -> dict[str, Any]:
        """Go on from `path`; → all that is in it."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        state.setdefault("hint", {})
        if _shapes(state["hint"]) != _shapes(self.hint.state_dict()):
            raise ConvertError(
                f"the run of {path} was begun with another teacher: give the same --teacher, or "
                "another --out"
            )
        for name in _KEPT:
            getattr(self, name).load_state_dict(state[name])
        self.done = state["done"]
        torch.set_rng_state(state["random"].cpu())
        return state


_KEPT = ("network", "average", "hint", "optimizer", "schedule")


def _hint(channels: int, soft_labels: SoftLabels | None) -> torch.nn.Module:
    width = 0 if soft_labels is None else soft_labels.features.shape[1]
    return torch.nn.Linear(channels, width) if width else torch.nn.Identity()


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: part.shape for name, part in state.items()}


def train(trainer: Trainer, out: Path, say: Callable[[str], None]) -> None:
    """Run the epochs that are left; after each: a checkpoint, a line of curves.csv, a report."""
    began, first = time.monotonic(), trainer.done
    epochs = trainer.settings.training.epochs
    while not trainer.finished:
        start = time.monotonic()
        mean = trainer.run_epoch()
        row = {"epoch": trainer.done, "loss": mean, **trainer.judge()}
        row["seconds"] = time.monotonic() - start
        _append(out / "curves.csv", row)
        trainer.save(out / "checkpoint.pt")
        each = (time.monotonic() - began) / (trainer.done - first)
        say(_report(row, epochs, each * (epochs - trainer.done)))


def _append(path: Path, row: dict[str, float]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if fresh:
            writer.writeheader()
        writer.writerow({name: round(value, 4) for name, value in row.items()})


def _report(row: dict[str, float], epochs: int, left_s: float) -> str:
    return (
        f"epoch {row['epoch']:.0f}/{epochs}: loss {row['loss']:.3f}, held out: "
        f"band {row['exact']:.3f}, one off {row['one_off']:.3f}, {row['years']:.2f} years, "
        f"gender {row['gender']:.3f}; {left_s / 60:.0f} min left"
    )
