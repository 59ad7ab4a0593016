"""`agender-edge bench`: what a frame costs here, stage by stage; memory; start-up."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from edge.config.tables import Config
from edge.errors import ConfigError
from edge.host import readings
from edge.host.exposure import forbid_core_dumps
from edge.messages.live import PUBLISHER_SOCKET
from edge.messages.record_socket import socket_folder
from edge.redact import shown
from edge.runtime.loop import Loop
from edge.runtime.meter import STAGES, WAITING, Meter
from edge.runtime.networks.model import runtime
from edge.vision.assembly import build_stages

NETWORKS = ("detect", "estimate")
THREADS = (1, 4)
"""Frames per second are told for each: what one core does, and what a whole Raspberry Pi does."""


def bench(config: Config, frames: int, *, as_json: bool) -> int:
    """Run the loop on at most `frames` frames and print what they cost; nothing is stored."""
    if frames < 1:
        raise ConfigError(f"--frames {frames}: at least one frame is needed")
    forbid_core_dumps()
    result = measure(config, frames)
    print(json.dumps(result, indent=2) if as_json else table(result))
    return 0


def measure(config: Config, frames: int) -> dict[str, Any]:
    """The figures as a JSON object; stages are milliseconds of processor time a frame."""
    run = Run(config, frames)
    stages = {stage: run.spent_s.get(stage, 0.0) * 1000 / run.frames for stage in STAGES}
    total = sum(stages.values())
    networks = sum(stages[stage] for stage in NETWORKS)
    # Read before further runs allocate networks of their own.
    memory_mb = readings.memory_mb()
    return {
        "machine": platform.machine(),
        "processor": readings.processor(),
        "runtime": runtime()[0],
        "source": shown(config.source.uri),
        "detector": run.detector,
        "estimators": list(config.estimator.models),
        "threads": config.detector.threads,
        "frames": run.frames,
        "frames_looked_at": run.frames - run.gated,
        "stage_ms": {stage: round(value, 3) for stage, value in stages.items()},
        "cpu_ms_per_frame": round(total, 3),
        "cpu_s_per_frame": round(total / 1000, 6),
        "outside_networks_share": round((total - networks) / total, 3),
        "frames_per_s": round(run.frames_per_s, 2),
        "frames_per_s_by_threads": {
            str(threads): round(_frames_per_s(config, frames, threads, run), 2)
            for threads in THREADS
        },
        "first_frame_s": round(run.first_frame_s, 3),
        "vision_memory_mb": round(memory_mb, 1),
        "publisher_memory_mb": round(publisher_memory_mb(), 1),
    }


class Run:
    """One run of the product's loop over the source, measured after its first frame.

    That one allocates the interpreters: it belongs to the start.
    """

    def __init__(self, config: Config, frames: int) -> None:
        """Run; ConfigError where the source ends before there was anything to measure."""
        self.first_frame_s = 0.0
        self.frames_per_s = 0.0
        self._meter = _BenchMeter()
        stages = build_stages(config, self._meter)
        self._loop = Loop(stages, lambda _window: None)
        self._frames_max = frames + 1
        self._gated_before = 0
        self._loop.run(self._tick)
        self.frames, self.spent_s = self._meter.take()
        if not self.first_frame_s or not self.frames:
            raise ConfigError(
                f"{shown(config.source.uri)}: too short to measure: it needs two frames at least, "
                "since the first one belongs to the start"
            )
        self.detector = stages.detector.card.name
        self.gated = self._loop.gated - self._gated_before
        self.frames_per_s = self.frames / self._meter.busy_s()

    def _tick(self) -> None:
        if not self.first_frame_s and self._loop.processed:
            self.first_frame_s = since_start_s()
            self._gated_before = self._loop.gated
            self._meter.take()
            self._meter.start()
        if self._loop.processed >= self._frames_max:
            self._loop.stop()


class _BenchMeter(Meter):
    """Counts processor time, since another program on the machine must not show.

    Beside it the time on the wall, but for waiting: for a camera, or for a recording's own pace.
    """

    def __init__(self) -> None:
        self.start()
        super().__init__(time.process_time)

    def start(self) -> None:
        """Begin the time on the wall anew."""
        self._started_s = self._since_s = time.perf_counter()
        self._waited_s = 0.0

    def busy_s(self) -> float:
        """Time on the wall since `start`, less what was waited."""
        return max(time.perf_counter() - self._started_s - self._waited_s, 1e-9)

    def _switch(self, name: str) -> None:
        now_s = time.perf_counter()
        if self._current == WAITING:
            self._waited_s += now_s - self._since_s
        self._since_s = now_s
        super()._switch(name)


def _frames_per_s(config: Config, frames: int, threads: int, run: Run) -> float:
    """With so many threads; `run` is the one with the configured number."""
    if threads == config.detector.threads:
        return run.frames_per_s
    detector = msgspec.structs.replace(config.detector, threads=threads)
    return Run(msgspec.structs.replace(config, detector=detector), frames).frames_per_s


def table(result: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [
        f"{result['source']}: {result['frames']} frames, faces looked for on "
        f"{result['frames_looked_at']}; {result['detector']} + {', '.join(result['estimators'])}",
        f"{result['processor']} ({result['machine']}), {result['runtime']}, "
        f"{result['threads']} thread(s)",
        "",
        f"{'stage':<10}{'CPU ms':>10}{'share':>8}",
    ]
    total = result["cpu_ms_per_frame"]
    for stage, value in result["stage_ms"].items():
        lines.append(f"{stage:<10}{value:>10.2f}{value / total:>8.1%}")
    rates = ", ".join(
        f"{rate:.1f} with {threads} thread{'s' * (threads != '1')}"
        for threads, rate in result["frames_per_s_by_threads"].items()
    )
    lines += [
        f"{'total':<10}{total:>10.2f}",
        "",
        f"CPU seconds per frame  {result['cpu_s_per_frame']:.4f}",
        f"outside the networks   {result['outside_networks_share']:.1%}",
        f"frames per second      {rates}",
        f"start → first frame    {result['first_frame_s']:.2f} s",
        f"resident memory        vision {result['vision_memory_mb']:.0f} MB, "
        f"publisher {result['publisher_memory_mb']:.0f} MB",
    ]
    return "\n".join(lines)


def since_start_s() -> float:
    """Seconds since this process was started, the interpreter's own start included."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def publisher_memory_mb() -> float:
    """Resident memory of a publisher of its own, once its imports are done."""
    with socket_folder("agender-bench-") as folder:
        command = [sys.executable, "-B", "-m", "edge", "publisher", "--broker", "127.0.0.1:1"]
        command += ["--state-dir", str(folder), "--set", f"paths.runtime={folder}"]
        command += ["--log-level", "error"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            # Its socket appears when everything is loaded.
            until_s = time.monotonic() + 10
            while not (folder / PUBLISHER_SOCKET).exists() and time.monotonic() < until_s:
                time.sleep(0.05)
            return readings.memory_mb(Path(f"/proc/{process.pid}/status"))
        finally:
            process.terminate()
            process.wait()
