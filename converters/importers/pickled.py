"""What a pickle of PyTorch holds, by the names in it: it is read, and nothing of it is run."""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

BYTES_MAX = 1 << 24
"""Of the names; tensors lie beside them, but for the oldest form, where they follow."""
PICKLES = 4
"""So many an old file begins with: what it is, its version, the system, the object."""
PARTS = ("model_state_dict", "state_dict")


def kind(path: Path) -> str:
    """`pytorch` for weights, `pytorch model`, or `checkpoint PART` whose part the weights are."""
    said: set[str] = set()
    with suppress(Exception):  # a damaged pickle raises anything, and tells less
        said.update(_names(_content(path)))
    if any(name.startswith("torch.nn.modules.") for name in said):
        return "pytorch model"
    return next((f"checkpoint {part}" for part in PARTS if part in said), "pytorch")


def _content(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return file.read(BYTES_MAX)
    with zipfile.ZipFile(path) as archive:
        name = next(each for each in archive.namelist() if each.endswith("data.pkl"))
        with archive.open(name) as member:
            return member.read(BYTES_MAX)


def _names(content: bytes) -> Iterator[str]:
    """The classes that would be looked up, and the texts."""
    file = io.BytesIO(content)
    for _ in range(PICKLES):
        for _, argument, _ in pickletools.genops(file):
            if isinstance(argument, str):
                yield argument
