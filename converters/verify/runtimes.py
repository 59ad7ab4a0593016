"""The two TFLite runtimes, each as a Python to start; the old one in an environment of its own."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.sources import STANDARD_ERROR, cache_folder

OLD = "tflite-runtime==2.14.0"
OLD_PYTHONS = ("python3.11", "python3.10", "python3.9")
PROBE = Path(__file__).with_name("probe.py")
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Run:
    """What a runtime made of a file: outputs by batch size, in the file's order."""

    runtime: str
    outputs: dict[int, list[NDArray[np.float32]]]
    partitions: int
    memory_kb: int


def pythons() -> dict[str, str]:
    """Runtime → the Python that has it. The old runtime is built on first use."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise ConvertError("ai-edge-litert is needed to check the files: install it")
    found = {"ai-edge-litert": sys.executable}
    old = old_runtime()
    if old is None:
        print(
            f"agender-convert: not checked on {OLD}: it has wheels up to Python 3.11, "
            f"and none of {', '.join(OLD_PYTHONS)} is here",
            file=sys.stderr,
        )
    else:
        found["tflite-runtime"] = old
    return found


@cache
def old_runtime() -> str | None:
    """A Python with the old runtime and numpy<2, in the cache; None where none can be had."""
    home = cache_folder() / OLD.replace("==", "-")
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return str(python)
    host = next((path for name in OLD_PYTHONS if (path := shutil.which(name))), None)
    if host is None:
        return None
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another program may be building it: never both at once
        if not (home / "complete").exists():
            _build(host, home)
    return str(python)


def _build(host: str, home: Path) -> None:
    """Make the environment anew, with a Python that is here; ConvertError where that fails."""
    print(f"agender-convert: building an environment with {OLD} in {home}", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    _command([host, "-m", "venv", str(home)])
    _command([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", OLD, "numpy<2"])
    (home / "complete").touch()


def _command(command: list[str]) -> None:
    if subprocess.run(command, stdout=STANDARD_ERROR, check=False).returncode:
        raise ConvertError(f"could not build the environment for {OLD} (see the message above)")


def run(name: str, python: str, flatbuffer: bytes, images: NDArray[np.float32]) -> Run:
    """Run a file on float32 images, N × H × W × 3; ConvertError where the runtime refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        model, inputs, outputs = (Path(folder) / part for part in ("m.tflite", "i.npy", "o.npz"))
        model.write_bytes(flatbuffer)
        np.save(inputs, images)
        command = [python, str(PROBE), str(model), str(inputs), str(outputs)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
            )
        except subprocess.TimeoutExpired as error:
            raise ConvertError(
                f"{name} does not run the file on {len(images)} pictures within {TIMEOUT_S} s"
            ) from error
        if done.returncode:
            raise ConvertError(f"{name} does not run the file: {_reason(done)}")
        return _collected(json.loads(done.stdout.splitlines()[-1]), outputs)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"it aborts the process (signal {-done.returncode})"
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {done.returncode}"


def _collected(report: dict[str, Any], path: Path) -> Run:
    with np.load(path) as arrays:
        outputs = {
            batch: [
                arrays[f"b{batch}_{index}"]
                for index in range(len(arrays.files) // len(report["batches"]))
            ]
            for batch in report["batches"]
        }
    return Run(report["runtime"], outputs, report["xnnpack_partitions"], report["memory_kb"])
