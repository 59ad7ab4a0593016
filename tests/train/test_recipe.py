"""`models_tflite/train`: the shipped estimator's recipe, from random weights to a bundle."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from edge.runtime.networks.card import read_card
from tests.shared import ROOT
from tests.train import dlib_file

STAGES = (
    "detector/centerface_192x192.json",
    "first/agender_64.json",
    "teacher/soft_labels.npz",
    "second/agender_64.json",
    "teacher_2/soft_labels.npz",
    "agender_64/agender_64.json",
)


def recipe(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script with this environment's `agender-convert`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [ROOT / "models_tflite" / "train", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
    )


@pytest.mark.slow
@pytest.mark.converters
def test_makes_the_bundle_stage_by_stage_and_skips_what_is_there(tmp_path, faces):
    """All stages on a few faces; given again, it makes the one whose result was taken away."""
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    weights, out = tmp_path / "net.dat", tmp_path / "out"
    dlib_file.write(weights)
    done = recipe(faces, weights, out, 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(out / STAGES[-1])
    assert _begun(done, out) == list(STAGES)
    assert done.stderr.count("faces cut") == 2, "each detector cuts the faces once"
    card = read_card(out / STAGES[-1])
    assert card.licence.commercial_use
    (out / STAGES[3]).unlink()
    again = recipe(faces, weights, out, 1)
    assert again.returncode == 0, again.stderr
    assert _begun(again, out) == [STAGES[3]]


def _begun(done: subprocess.CompletedProcess[str], out: Path) -> list[str]:
    """Results of the stages that were begun, in their order."""
    mark = f"models_tflite/train: {out}/"
    lines = [line.removeprefix(mark) for line in done.stderr.splitlines() if mark in line]
    return [line.split(",")[0] for line in lines if ", begun" in line]
