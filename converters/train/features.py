"""Faces → what the lower half of dlib's network makes of them, kept in files.

The lower half is never trained anew, so each look at a face is computed once: the plain crop, its
mirror image, and some crops changed as in training. That makes a teacher affordable on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from converters.nets.dlib_net import PARTS, SIDE_PX, FaceTrunk
from converters.train.answers import tensor
from converters.train.augment import augmented, plain
from converters.train.chips import Chips
from converters.train.settings import Settings
from edge.runtime.frame import Image

BLOCK = 128
PLAIN = ("plain", "mirrored")
"""The looks that every face gets, held out or not."""

Note = Callable[[int, int, str], None]
"""Is told the progress: done, of, which look."""
Parts = NDArray[np.int16]
"""The bits of bfloat16 numbers, which NumPy does not know: N × height × width × channels."""


class Looks(NamedTuple):
    """Several looks at each of the chips, through the lower half of `trunk`."""

    trunk: FaceTrunk
    chips: Chips
    held: NDArray[np.bool_]
    settings: Settings

    @property
    def names(self) -> tuple[str, ...]:
        """The plain crop, its mirror image, then the changed ones."""
        changed = self.settings.teacher.changed_looks
        return (*PLAIN, *(f"changed_{number + 1}" for number in range(changed)))

    def kept(self, out: Path, note: Note) -> dict[str, Parts]:
        """Name → the parts of every chip, from the files in `out` or computed and written there.

        Held-out faces are looked at plain and mirrored only; their other rows are zero.
        """
        out.mkdir(parents=True, exist_ok=True)
        found = {}
        for number, name in enumerate(self.names):
            path = out / f"{name}.npy"
            if not path.exists():
                self._write(path, number, note)
            found[name] = np.load(path, mmap_mode="r")
        return found

    def _write(self, path: Path, number: int, note: Note) -> None:
        """Compute one look into a file that bears its name only once it is whole."""
        members = np.arange(len(self.chips)) if number < len(PLAIN) else np.flatnonzero(~self.held)
        partial = path.with_suffix(".part")
        shape = (len(self.chips), *PARTS)
        file = np.lib.format.open_memmap(partial, "w+", np.int16, shape)
        for start in range(0, len(members), BLOCK):
            block = members[start : start + BLOCK]
            file[block] = self._parts(self._crops(block, number))
            note(start + len(block), len(members), path.stem)
        file.flush()
        partial.replace(path)

    def _crops(self, members: NDArray[np.int64], number: int) -> Image:
        """The crops of a look, as large as the chips allow without inventing pixels."""
        data = self.settings.data
        side = round(data.chip_px / data.chip_reach)
        if number >= len(PLAIN):
            seed = self.settings.training.seed
            randoms = [np.random.default_rng((seed, number, int(i))) for i in members]
            how = self.settings.augment
            chips = [self.chips.one_of(i, r) for i, r in zip(members, randoms, strict=True)]
            pairs = zip(chips, randoms, strict=True)
            return np.stack([augmented(chip, side, data.chip_reach, how, r) for chip, r in pairs])
        crops = np.stack([plain(self.chips.pixels[i], side, data.chip_reach) for i in members])
        return crops if number == 0 else np.ascontiguousarray(crops[:, :, ::-1])

    @torch.no_grad()
    def _parts(self, crops: Image) -> Parts:
        device = next(self.trunk.parameters()).device.type
        x = functional.interpolate(tensor(crops, device), (SIDE_PX, SIDE_PX), mode="bilinear")
        with torch.autocast(device, torch.bfloat16):
            parts: Tensor = self.trunk.lower(x)
        last = parts.to(torch.bfloat16).permute(0, 2, 3, 1).contiguous()
        return np.asarray(last.cpu().view(torch.int16).numpy())


def parts_tensor(parts: Parts, device: str) -> Tensor:
    """N × height × width × channels bits → N × channels × height × width bfloat16."""
    return torch.from_numpy(np.array(parts)).view(torch.bfloat16).to(device).permute(0, 3, 1, 2)
