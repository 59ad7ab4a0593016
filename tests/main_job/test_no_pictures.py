"""The device package holds no code that draws, encodes, writes or sends a picture."""

from __future__ import annotations

import ast
import sqlite3
from pathlib import Path

import pytest

from edge.outbox import Outbox
from tests.shared import ROOT

WRITES = {
    "imwrite", "imwritemulti", "imencode", "imencodemulti", "imwriteanimation", "VideoWriter",
    "FileStorage", "tofile", "save", "savez", "savez_compressed", "savetxt", "memmap",
    "capture_file", "start_recording", "start_encoder", "switch_mode_and_capture_file",
}  # fmt: skip
"""How OpenCV, numpy and Picamera2 bring pixels to a file."""

DRAWS = {"imshow", "putText", "rectangle", "polylines", "drawMarker", "start_preview"}
SERIALISES = {"tobytes", "tostring", "b64encode", "dumps_array"}
"""How pixels would become a message; the few uses that are none are named below."""

MODULES = sorted((ROOT / "edge").rglob("*.py"))


def names_in(module: Path) -> set[str]:
    """Every name and attribute a module uses, and every name it imports."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found.update(alias.name.split(".")[-1] for alias in node.names)
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_of_the_device_can_let_a_picture_out(module):
    """No function that writes, shows, draws or serialises pixels is so much as named."""
    assert names_in(module) & (WRITES | DRAWS | SERIALISES) == set()


def test_the_test_would_notice(tmp_path):
    """A module that writes a picture is caught."""
    module = tmp_path / "leak.py"
    module.write_text("import cv2\ncv2.imwrite('face.png', crop)\n")
    assert names_in(module) & WRITES == {"imwrite"}


def test_the_outbox_has_no_column_that_could_hold_one(tmp_path):
    """Integers, reals and short text whose length the database itself checks."""
    path = tmp_path / "outbox.sqlite"
    Outbox(path).close()
    with sqlite3.connect(path) as database:
        tables = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        assert tables
        for name, statement in tables:
            assert "STRICT" in statement
            for column in database.execute(f"PRAGMA table_info({name})"):
                assert column[2] in ("INTEGER", "REAL", "TEXT")
                if column[2] == "TEXT":
                    assert f"length({column[1]})" in statement
