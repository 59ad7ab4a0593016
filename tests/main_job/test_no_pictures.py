"""The device package holds no code that draws, encodes, writes or sends a picture."""

from __future__ import annotations

import ast
import sqlite3
from pathlib import Path

import pytest

from edge.outbox.outbox import Outbox
from tests.shared import ROOT

WRITES = {
    "imwrite", "imwritemulti", "imencode", "imencodemulti", "imwriteanimation", "VideoWriter",
    "FileStorage", "tofile", "save", "savez", "savez_compressed", "savetxt", "memmap",
    "capture_file", "start_recording", "start_encoder", "switch_mode_and_capture_file",
    "start_and_capture_file", "start_and_capture_files", "start_and_record_video",
    "mux", "mux_one", "add_stream", "add_stream_from_template", "add_mux_stream", "encode_lazy",
    "OutputContainer", "to_image", "set_image", "remux",
}  # fmt: skip
"""How OpenCV, numpy, Picamera2 and PyAV bring pixels to a file or a network."""

READER = ROOT / "edge" / "runtime" / "capture" / "decoder.py"
"""The one module that may name PyAV, which reads videos, and could write them."""

DRAWS = {
    "imshow", "namedWindow", "putText", "rectangle", "circle", "ellipse", "arrowedLine",
    "polylines", "fillPoly", "fillConvexPoly", "drawContours", "drawMarker", "drawKeypoints",
    "drawMatches", "drawFrameAxes", "addText", "displayOverlay", "start_preview", "set_overlay",
}  # fmt: skip
"""How OpenCV and Picamera2 draw, and show what was drawn."""

SERIALISES = {"tobytes", "tostring", "b64encode", "b2a_base64", "body_encode", "dumps_array"}
"""How pixels would become a message; the few uses that are none are named below."""

PROXY = ROOT / "edge" / "publish" / "tunnel.py"
"""Writes the login at an HTTP proxy as HTTP asks, in the process that has no image library."""

LIBRARIES = {
    "PIL", "imageio", "matplotlib", "skimage", "pylab", "av", "ffmpeg", "ffmpegcv", "moviepy",
    "pygame", "simplejpeg", "turbojpeg", "tifffile", "png", "pyvips", "wand", "cairo", "tkinter",
    "plotly", "torchvision",
}  # fmt: skip
"""Others that draw, encode or show pictures."""

INDIRECT = {"eval", "exec", "__import__", "import_module"}
"""Ways to reach a function without naming it, by which the names above could be evaded."""

MODULES = sorted((ROOT / "edge").rglob("*.py"))


def names_in(module: Path) -> set[str]:
    """Every name and attribute a module uses, every part of a name it imports, every word it
    holds as a text of its own (`getattr(cv2, "imwrite")` is a use), and cv2's plain `line`."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
            if node.attr in ("line", "clipLine") and ast.unparse(node.value) in ("cv2", "cv"):
                found.add("putText")
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found.update(part for alias in node.names for part in alias.name.split("."))
            found.update((getattr(node, "module", None) or "").split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_of_the_device_can_let_a_picture_out(module):
    """No function that writes, shows, draws or serialises pixels is so much as named."""
    forbidden = WRITES | DRAWS | SERIALISES | LIBRARIES | INDIRECT
    if module == READER:
        forbidden -= {"av"}
    if module == PROXY:
        forbidden -= {"body_encode"}
    assert names_in(module) & forbidden == set()


CAPTURE = sorted(READER.parent.glob("*.py"))


@pytest.mark.parametrize("module", CAPTURE, ids=lambda path: path.name)
def test_what_can_reach_pyav_only_reads(module):
    """Nothing is opened for writing there, and nothing encoded: PyAV's `open` gets no mode."""
    assert names_in(module) & {"encode", "w", "wb", "ab"} == set()
    opens = [
        node for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "library.open"
    ]  # fmt: skip
    assert len(opens) == (module == READER)
    for call in opens:
        assert len(call.args) == 1
        assert "mode" not in {keyword.arg for keyword in call.keywords}


def test_nothing_but_the_sources_can_reach_pyav():
    """`pyav()` hands it out; beside the sources, doctor asks for its version."""
    using = {module for module in MODULES if "pyav" in names_in(module)}
    assert using - set(CAPTURE) == {ROOT / "edge" / "diagnostics" / "checks.py"}


@pytest.mark.parametrize(
    "code",
    [
        "import cv2\ncv2.imwrite('face.png', crop)",
        "from cv2 import imwrite as keep",
        "import cv2\ngetattr(cv2, 'imwrite')('face.png', crop)",
        "import cv2\ncv2.rectangle(frame, (0, 0), (9, 9), 0)",
        "import cv2\ncv2.line(frame, (0, 0), (9, 9), 0)",
        "import cv2\nwrite = cv2.VideoWriter('film.avi', 0, 10, (9, 9))",
        "from PIL import Image",
        "import matplotlib.pyplot as plt",
        "import imageio.v3 as iio",
        "from importlib import import_module",
        "crop.tofile('face.raw')",
    ],
)
def test_the_test_would_notice(tmp_path, code):
    """A module that draws or writes a picture is caught, however it is put."""
    module = tmp_path / "leak.py"
    module.write_text(code + "\n")
    assert names_in(module) & (WRITES | DRAWS | SERIALISES | LIBRARIES | INDIRECT)


def test_only_the_demo_has_a_clip_made_and_by_another_program():
    """One module names the workstation package: the demo, which starts it as a program of its
    own to render a public-domain portrait, before any source is open."""
    naming = {
        str(module.relative_to(ROOT))
        for module in MODULES
        for name in names_in(module)
        if name == "converters" or name.startswith("converters.")
    }
    # edge/flash, on a workstation, packs the whole repository for a device: it starts nothing.
    assert naming - {"edge/flash/wheels.py"} == {"edge/demo/footage.py"}


def test_drawing_is_the_workstations_work():
    """What the device package must not hold lies in `converters/annotate`, and the search finds
    it there: it is no blind search."""
    names = set().union(*map(names_in, (ROOT / "converters" / "annotate").glob("*.py")))
    assert {"rectangle", "putText", "VideoWriter", "imencode"} <= names


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
