"""Files that held a secret, overwritten before they are removed.

On FAT a file is overwritten where it lies, so that the card's contents, read block by block, do not
hold it any more. A card's own controller may keep old copies of a block where nobody can ask for it
by the card's interface; nothing on this side of it can promise more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

_CHUNK = bytes(65_536)


def wipe(path: Path) -> None:
    """Overwrite a file and remove it; none is no error."""
    if path.is_symlink() or not path.is_file():
        path.unlink(missing_ok=True)
        return
    left = path.stat().st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(_CHUNK[:left] if left < len(_CHUNK) else _CHUNK)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def wipe_folder(folder: Path, secrets: frozenset[str]) -> None:
    """Remove a folder, of which the files with these names are overwritten first."""
    with contextlib.suppress(OSError):
        for name in secrets:
            for path in folder.rglob(name):
                wipe(path)
    shutil.rmtree(folder, ignore_errors=True)
