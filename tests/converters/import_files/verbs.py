"""Running `agender-convert import` on files and templates of tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from converters.cli import main
from tests.converters.import_files.templates import template


def imported(
    folder: Path,
    file: Path,
    *outputs: dict[str, Any],
    side: int = 32,
    flags: Sequence[str] = (),
    **fields: Any,
) -> tuple[int, dict[str, Any] | None]:
    """Import `file` by a template of these outputs into `folder`/out; the status and the card."""
    card = folder / "card.json"
    card.write_bytes(msgspec.json.encode(template(*outputs, side=side, **fields)))
    out = folder / "out"
    status = main(["import", str(file), "--card", str(card), "--out", str(out), *flags])
    path = out / "mine.json"
    return status, json.loads(path.read_text()) if path.exists() else None
