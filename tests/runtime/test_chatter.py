"""What a library writes past Python to standard error: its remarks are left out, no more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from edge.runtime.networks.chatter import without_remarks


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n", ""),
        (b"VERBOSE: Replacing 3 out of 3 node(s)\n", ""),
        (b"ERROR: no room for a tensor\n", "ERROR: no room for a tensor\n"),
        (b"WARNING: slow\nINFO: x\nsegment\n", "WARNING: slow\nsegment\n"),
        (b"half a line", "half a line"),
        (b"", ""),
    ],
)
def test_remarks_are_left_out_and_all_else_is_told(capfd, written, told):
    """Errors and warnings, whole lines and half ones, in their order."""
    with without_remarks():
        os.write(2, written)
    assert capfd.readouterr().err == told


def test_an_error_inside_passes_and_standard_error_is_back(capfd):
    """What was written before it is told, and later lines go straight out."""
    with pytest.raises(RuntimeError, match="broken"), without_remarks():
        os.write(2, b"ERROR: tensor\n")
        raise RuntimeError("broken")
    print("later", file=sys.stderr, flush=True)
    assert capfd.readouterr().err == "ERROR: tensor\nlater\n"


def test_no_descriptor_is_left_open():
    """A model is made for each size of batch."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        with without_remarks():
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
