"""Documents of the project that a dossier quotes: of the source tree, or as installed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from edge.errors import UserError

TREE = Path(__file__).parents[2]
INSTALLED = Path(sys.prefix) / "share" / "agender-edge"

_LINK = re.compile(r"\[([^\]]*)\]\((?![a-z]+://|#)[^)]*\)")


def text_of(name: str) -> str:
    """`docs/privacy.md` or `CHANGELOG.md`, whole; UserError where the installation lacks it."""
    tree, installed = TREE / name, INSTALLED / Path(name).name
    for path in (tree, installed):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise UserError(
        f"{installed} is not there, which the dossier quotes: install the package again"
    )


def quoted(name: str) -> str:
    """The same, to stand alone: links to documents that are not beside it are their words only."""
    return _LINK.sub(r"\1", text_of(name))
