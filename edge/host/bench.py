"""`agender-edge bench`: what a frame costs here, stage by stage; memory; start-up."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from edge.config import Config
from edge.errors import ConfigError
from edge.host import readings
from edge.runtime.loop import Loop
from edge.runtime.meter import STAGES, WAITING, Meter
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
    """The figures as a JSON object; stage times are wall milliseconds per processed frame."""
    meter = Meter()
    rooms = build_rooms(config, meter)
    loop = Loop(rooms, lambda _window: None)
    first_frame_s: float | None = None
    cpu_s = wall_s = 0.0

    def tick() -> None:
        nonlocal first_frame_s, cpu_s, wall_s
        if first_frame_s is None and loop.processed:
            first_frame_s = since_start_s()
            # The first frame allocates the interpreters; it belongs to start-up.
            meter.take()
            cpu_s, wall_s = time.process_time(), time.perf_counter()
        if loop.processed >= frames:
            loop.stop()

    loop.run(tick)
    measured, spent = meter.take()
    if not measured:
        raise ConfigError(f"{config.source.uri}: too short to measure: two frames at least")
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    stages = {stage: spent.get(stage, 0.0) * 1000 / measured for stage in STAGES}
    total = sum(stages.values())
    networks = sum(stages[stage] for stage in NETWORKS)
    return {
        "machine": platform.machine(),
        "processor": processor(),
        "runtime": runtime()[0],
        "source": config.source.uri,
        "detector": rooms.detector.card.name,
        "estimators": list(config.estimator.models),
        "threads": config.detector.threads,
        "frames": measured,
        "stage_ms": {stage: round(value, 3) for stage, value in stages.items()},
        "total_ms": round(total, 3),
        "outside_networks_share": round((total - networks) / total, 3),
        "cpu_ms_per_frame": round(cpu_s * 1000 / measured, 3),
        "frames_per_s": round(measured / (wall_s - spent.get(WAITING, 0.0)), 2),
        "first_frame_s": round(first_frame_s or 0.0, 3),
        "memory_mb": round(readings.memory_mb(), 1),
    }


def table(result: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [
        f"{result['source']}: {result['frames']} frames, {result['detector']} + "
        f"{', '.join(result['estimators'])}",
        f"{result['processor']} ({result['machine']}), {result['runtime']}, "
        f"{result['threads']} thread(s)",
        "",
        f"{'stage':<10}{'ms/frame':>10}{'share':>8}",
    ]
    total = result["total_ms"]
    for stage, value in result["stage_ms"].items():
        lines.append(f"{stage:<10}{value:>10.2f}{value / total:>8.1%}")
    lines += [
        f"{'total':<10}{total:>10.2f}",
        "",
        f"outside the networks   {result['outside_networks_share']:.1%}",
        f"CPU                    {result['cpu_ms_per_frame']:.2f} ms/frame",
        f"frames per second      {result['frames_per_s']:.1f}",
        f"start → first frame    {result['first_frame_s']:.2f} s",
        f"resident memory        {result['memory_mb']:.0f} MB",
    ]
    return "\n".join(lines)


def processor() -> str:
    """The processor's name as the kernel tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def since_start_s() -> float:
    """Seconds since this process was started, the interpreter's own start included."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
