"""Peers' processes: started in their environments, asked one at a time, ended with the block."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import NotInstalledError, python_of
from benchmarks.peers.systems import System

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    "1",
)
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}


class FailedError(Exception):
    """A peer that was installed but does not do its work; the text says why."""


class Worker:
    """One system's process."""

    def __init__(self, system: System, weights: Path) -> None:
        command = [str(python_of(system.environment)), "-m", "benchmarks.peers.worker"]
        self._process = subprocess.Popen(
            [*command, system.name, str(weights.resolve())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, cwd=ROOT, env=os.environ | ONE_THREAD | QUIET,
        )  # fmt: skip
        self._receive()

    def ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Its answer; FailedError where it has none."""
        assert self._process.stdin is not None
        try:
            print(json.dumps(wish), file=self._process.stdin, flush=True)
        except BrokenPipeError as error:
            raise FailedError("its process has ended") from error
        return self._receive()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise FailedError(f"its process ended with status {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise FailedError(reply["error"])
        return reply


@contextmanager
def started(
    systems: Sequence[System], weights: Path
) -> Iterator[tuple[dict[str, Worker], dict[str, str]]]:
    """The workers of those that can be had, by name, and why the others can't."""
    workers: dict[str, Worker] = {}
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        for system in systems:
            print(f"starting {system.name} ...", file=sys.stderr)
            try:
                workers[system.name] = worker = Worker(system, weights)
            except (NotInstalledError, FailedError) as error:
                missing[system.name] = str(error)
                print(f"{system.name} is missing: {error}", file=sys.stderr)
                continue
            stack.callback(worker.close)
        yield workers, missing
