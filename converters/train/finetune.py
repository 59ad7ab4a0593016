"""The upper half of dlib's network, trained anew to tell age and gender: a teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from converters.labels import BANDS
from converters.nets.dlib_net import FEATURES, FaceTrunk
from converters.train.answers import figures
from converters.train.batches import chances
from converters.train.chips import Chips
from converters.train.features import PLAIN, Parts, parts_tensor
from converters.train.losses import age_targets, loss
from converters.train.optimizer import follow, mixed, parameter_groups, warmed_cosine
from converters.train.settings import Settings

CLIP = 5.0
ASKED_AT_ONCE = 256

Floats = NDArray[np.float32]


class Answer(NamedTuple):
    """Of N faces: age logits N × 9, gender logits (of a woman) N, features N × 256."""

    age: Floats
    gender: Floats
    features: Floats


class Judge(nn.Module):
    """N × 64 × 17 × 17 parts → (N × 9 age logits, N gender logits, of a woman)."""

    def __init__(self, trunk: FaceTrunk, dropout: float) -> None:
        super().__init__()
        self.last = trunk.last
        self.dropout = nn.Dropout(dropout)
        self.age = nn.Linear(FEATURES, len(BANDS))
        self.gender = nn.Linear(FEATURES, 1)
        for head in (self.age, self.gender):
            # A random head would first of all spoil what the trunk knows.
            nn.init.zeros_(head.weight)

    def forward(self, parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class; besides, the 256 features that both heads see."""
        features = self.last(parts).mean((2, 3))
        seen = self.dropout(features)
        return self.age(seen), self.gender(seen)[:, 0], features


class Tuning:
    """One teacher in the making."""

    def __init__(
        self, trunk: FaceTrunk, chips: Chips, held: NDArray[np.bool_], settings: Settings, seed: int
    ) -> None:
        how = settings.teacher
        torch.manual_seed(seed)
        self.settings = settings
        self.chips = chips
        self.members, self.held = np.flatnonzero(~held), np.flatnonzero(held)
        self.seed = seed
        self.device = next(trunk.parameters()).device.type
        self.judge = Judge(trunk, how.dropout).to(self.device)
        self.judge.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
        self.average = AveragedModel(self.judge, multi_avg_fn=follow(how.average))
        self.optimizer = self._optimizer()
        self.steps = how.epochs * max(1, len(self.members) // settings.training.batch)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: warmed_cosine(step, self.steps, settings.training.warm_up)
        )

    def _optimizer(self) -> torch.optim.Optimizer:
        """The new heads learn faster than what is known already."""
        how, decay = self.settings.teacher, self.settings.training.weight_decay
        heads = torch.nn.ModuleList([self.judge.age, self.judge.gender])
        known = parameter_groups(self.judge.last, decay)
        new = parameter_groups(heads, decay)
        return torch.optim.AdamW(
            [group | {"lr": how.learning_rate} for group in known]
            + [group | {"lr": how.head_learning_rate} for group in new]
        )

    def run(self, parts: Mapping[str, Parts], say: Callable[[str], None]) -> None:
        """All epochs; `say` is told how well held-out faces are judged after each."""
        for epoch in range(self.settings.teacher.epochs):
            self.judge.train()
            losses = [self._step(x, members) for x, members in self._batches(parts, epoch)]
            age, gender, _ = self.ask(parts, self.held)
            found = figures(age, gender, self.chips.band[self.held], self.chips.female[self.held])
            said = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
            say(
                f"teacher {self.seed}, epoch {epoch + 1}/{self.settings.teacher.epochs}: "
                f"loss {np.mean(losses):.3f}, held out: {said}"
            )

    def _batches(
        self, parts: Mapping[str, Parts], epoch: int
    ) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
        """As many faces as there are, each by a random look, rare bands more often."""
        random = np.random.default_rng((self.seed, epoch))
        chance = chances(self.chips.band[self.members], self.settings.loss.balance)
        order = random.choice(self.members, len(self.members), p=chance)
        batch = min(self.settings.training.batch, len(order))
        every = list(parts.values())
        for start in range(0, len(order) - batch + 1, batch):
            members = order[start : start + batch]
            which = random.integers(0, len(every), batch)
            rows = [every[look][i] for look, i in zip(which, members, strict=True)]
            yield parts_tensor(np.stack(rows), self.device), members

    def _step(self, x: Tensor, members: NDArray[np.int64]) -> float:
        how = self.settings.loss
        band = torch.from_numpy(self.chips.band[members])
        target = age_targets(band, len(BANDS), how.neighbour).to(self.device)
        female = torch.from_numpy(self.chips.female[members]).float().to(self.device)
        if torch.rand(()) < how.mixup:
            x, target, female = mixed(x, target, female)
        with torch.autocast(self.device, torch.bfloat16):
            age, gender, _ = self.judge(x)
        value = loss(age.float(), gender.float(), target, female, how)
        self.optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call] # torch's own
        torch.nn.utils.clip_grad_norm_(self.judge.parameters(), CLIP)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.judge)
        return float(value.detach())

    @torch.no_grad()
    def ask(self, parts: Mapping[str, Parts], members: NDArray[np.int64]) -> Answer:
        """What the averaged network says, the mean of the plain face and its mirror image."""
        self.average.eval()
        said = [self._answer(parts[look], members) for look in PLAIN]
        return Answer(*(np.mean(both, 0) for both in zip(*said, strict=True)))

    def _answer(self, parts: Parts, members: NDArray[np.int64]) -> Answer:
        said = []
        for start in range(0, len(members), ASKED_AT_ONCE):
            x = parts_tensor(parts[members[start : start + ASKED_AT_ONCE]], self.device)
            with torch.autocast(self.device, torch.bfloat16):
                said.append([part.float().cpu() for part in self.average(x)])
        return Answer(*(torch.cat(part).numpy() for part in zip(*said, strict=True)))
