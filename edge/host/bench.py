"""`agender-edge bench`: what a frame costs here, stage by stage; memory; start-up."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from edge.config import Config
from edge.errors import ConfigError
from edge.host import readings
from edge.live import PUBLISHER_SOCKET
from edge.runtime.loop import Loop
from edge.runtime.meter import STAGES, Meter
from edge.runtime.model import runtime
from edge.vision import build_rooms

NETWORKS = ("detect", "estimate")


def bench(config: Config, frames: int, *, as_json: bool) -> int:
    """Run the loop on at most `frames` frames and print what they cost; nothing is stored."""
    if frames < 1:
        raise ConfigError("--frames: at least one frame is needed")
    result = measure(config, frames)
    print(json.dumps(result, indent=2) if as_json else table(result))
    return 0


def measure(config: Config, frames: int) -> dict[str, Any]:
    """The figures as a JSON object; stages are milliseconds of processor time a frame."""
    # Processor time, not the wall's: another program on the machine must not show.
    meter = Meter(time.process_time)
    rooms = build_rooms(config, meter)
    loop = Loop(rooms, lambda _window: None)
    first_frame_s: float | None = None
    wall_s = 0.0

    def tick() -> None:
        nonlocal first_frame_s, wall_s
        if first_frame_s is None and loop.processed:
            first_frame_s = since_start_s()
            # The first frame allocates the interpreters; it belongs to start-up.
            meter.take()
            wall_s = time.perf_counter()
        if loop.processed >= frames:
            loop.stop()

    loop.run(tick)
    measured, spent = meter.take()
    if not measured:
        raise ConfigError(f"{config.source.uri}: too short to measure: two frames at least")
    wall_s = time.perf_counter() - wall_s
    stages = {stage: spent.get(stage, 0.0) * 1000 / measured for stage in STAGES}
    total = sum(stages.values())
    networks = sum(stages[stage] for stage in NETWORKS)
    return {
        "machine": platform.machine(),
        "processor": readings.processor(),
        "runtime": runtime()[0],
        "source": config.source.uri,
        "detector": rooms.detector.card.name,
        "estimators": list(config.estimator.models),
        "threads": config.detector.threads,
        "frames": measured,
        "stage_ms": {stage: round(value, 3) for stage, value in stages.items()},
        "cpu_ms_per_frame": round(total, 3),
        "outside_networks_share": round((total - networks) / total, 3),
        "frames_per_s": round(measured / wall_s, 2),
        "first_frame_s": round(first_frame_s or 0.0, 3),
        "vision_memory_mb": round(readings.memory_mb(), 1),
        "publisher_memory_mb": round(publisher_memory_mb(), 1),
    }


def table(result: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [
        f"{result['source']}: {result['frames']} frames, {result['detector']} + "
        f"{', '.join(result['estimators'])}",
        f"{result['processor']} ({result['machine']}), {result['runtime']}, "
        f"{result['threads']} thread(s)",
        "",
        f"{'stage':<10}{'CPU ms':>10}{'share':>8}",
    ]
    total = result["cpu_ms_per_frame"]
    for stage, value in result["stage_ms"].items():
        lines.append(f"{stage:<10}{value:>10.2f}{value / total:>8.1%}")
    lines += [
        f"{'total':<10}{total:>10.2f}",
        "",
        f"outside the networks   {result['outside_networks_share']:.1%}",
        f"frames per second      {result['frames_per_s']:.1f}",
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
    with tempfile.TemporaryDirectory(prefix="agender-bench-") as folder:
        command = [sys.executable, "-B", "-m", "edge", "publisher", "--broker", "127.0.0.1:1"]
        command += ["--state-dir", folder, "--set", f"paths.runtime={folder}"]
        command += ["--log-level", "error"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            # Its socket appears when everything is loaded.
            until_s = time.monotonic() + 10
            while not (Path(folder) / PUBLISHER_SOCKET).exists() and time.monotonic() < until_s:
                time.sleep(0.05)
            return readings.memory_mb(Path(f"/proc/{process.pid}/status"))
        finally:
            process.terminate()
            process.wait()
