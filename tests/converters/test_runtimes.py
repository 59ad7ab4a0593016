"""The environment of the old TFLite runtime: made once, whoever asks for it at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from converters.verify import runtimes


def test_programs_that_need_the_old_runtime_at_once_wait_for_the_one_that_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None takes the environment away from under another, which would fail after a training."""
    building = threading.Lock()
    commands: list[str] = []

    def command(words: list[str]) -> None:
        assert building.acquire(blocking=False), "two build it at once"
        time.sleep(0.05)
        (tmp_path / "tflite-runtime-2.14.0").mkdir(exist_ok=True)
        commands.append(words[2])
        building.release()

    monkeypatch.setattr(runtimes, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(runtimes, "_command", command)
    monkeypatch.setattr(runtimes.shutil, "which", lambda name: f"/usr/bin/{name}")
    with ThreadPoolExecutor(4) as programs:
        found = list(programs.map(lambda _: runtimes.old_runtime.__wrapped__(), range(4)))
    assert set(found) == {str(tmp_path / "tflite-runtime-2.14.0" / "bin" / "python")}
    assert commands == ["venv", "pip"]
