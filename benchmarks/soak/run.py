"""One soak from start to verdict."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2

from benchmarks.soak import verdict
from benchmarks.soak.device import Device, Stuck, small_disk
from benchmarks.soak.faults import Fault, deck
from benchmarks.soak.plan import DAY_WINDOWS, Plan
from edge.demo.footage import clip as demo_clip
from tests.system.soak.camera import Camera

VERBS = ("vision", "publisher", "run")
DEADLY_SHARE = 0.25
"""The part of a soak in which processes are killed; their memory is judged in the rest."""

CLIP_PEOPLE, CLIP_S = 2, 23.0
"""What one play of the demo's clip shows."""


class Soak:
    """Faults on a device, one after the other, until the plan is over."""

    def __init__(self, plan: Plan, device: Device, *, disk: bool) -> None:
        self.plan, self.device = plan, device
        self.suffered: Counter[str] = Counter()
        self.holes: list[verdict.Hole] = []
        self.wrong: list[str] = []
        self._deck = deck(device, lambda: self._share() < DEADLY_SHARE, disk=disk)

    def run(self) -> None:
        """Suffer faults until it is over, or the device does not recover from one."""
        device = self.device
        try:
            device.wait_for_full_windows(0, "a first window")
            while self._share() < 1:
                self._rest()
                fault = next(self._deck)
                tell(self, fault.name, self._suffer(fault))
            self._rest()
        except Stuck as stuck:
            self.wrong.append(str(stuck))
        status = device.end()
        if status:
            self.wrong.append(f"the program ended with status {status}")
        self.wrong += self._judged()

    def _share(self) -> float:
        """How much of the plan is done."""
        self.device.heard.catch_up()
        if self.plan.windows:
            return self.device.heard.last / self.plan.windows
        return self.device.ran_s / (self.plan.hours * 3600)

    def _rest(self) -> None:
        time.sleep(self.device.random.uniform(*self.plan.between_s))

    def _suffer(self, fault: Fault) -> float:
        """Bring the fault about; the seconds until a full window came after its end."""
        first = self.device.next_seq()
        fault.act(self.device)
        self.suffered[fault.name] += 1
        ended_s = time.monotonic()
        end = self.device.wait_for_full_windows(
            self.device.next_seq(), f"a full window after: {fault.name}"
        )
        if fault.blinds:
            self.holes.append(verdict.Hole(first, end))
        return time.monotonic() - ended_s

    def _judged(self) -> list[str]:
        heard, plan = self.device.heard, self.plan
        stored = self.device.next_seq() - 1
        wrong = [*heard.wrong, *verdict.missing(heard.windows)]
        if heard.last != stored:
            wrong.append(f"the last window heard is {heard.last}, the last stored {stored}")
        if lost := heard.health.get("outbox_dropped", 0):
            wrong.append(f"{lost} windows were dropped")
        boots = len({seen.boot for seen in heard.windows.values()})
        for key, least in (("camera_lost", self.suffered["camera dies"]), ("vision_starts", boots)):
            if heard.health.get(key, 0) < least:
                wrong.append(f"health tells {key} = {heard.health.get(key)}, not {least} or more")
        if heard.availability != "stopped":
            wrong.append(f"at the end the device is {heard.availability}")
        wrong += verdict.torn(plan, heard.windows, self.holes)
        wrong += verdict.uncovered(plan, heard.windows, self.device.ran_s, self.suffered["paused"])
        for verb in VERBS:
            wrong += verdict.growing(plan, verb, self.growth(verb))
        return wrong

    @property
    def unit_s(self) -> float:
        """The time over which growth is told: an hour, or what a day's windows took here."""
        if self.plan.live:
            return 3600.0
        return self.device.ran_s / max(self.device.heard.last, 1) * DAY_WINDOWS

    def growth(self, verb: str) -> verdict.Growth | None:
        """What became of one process."""
        return verdict.growth(verb, self.device.samples, self.unit_s)

    def report(self) -> dict[str, Any]:
        """All figures, for a file."""
        windows = self.device.heard.windows
        free = verdict.undisturbed(windows, self.holes)
        return {
            "plan": self.plan._asdict(),
            "passed": not self.wrong,
            "wrong": self.wrong,
            "ran_s": round(self.device.ran_s, 1),
            "faults": dict(self.suffered),
            "windows": len(windows),
            "windows_undisturbed": len(free),
            "repeats": self.device.heard.repeats,
            "covered_s": round(sum(seen.window_s for seen in windows.values()), 1),
            "observed_s": round(sum(seen.observed_s for seen in windows.values()), 1),
            "frames": sum(seen.frames for seen in windows.values()),
            "boots": len({seen.boot for seen in windows.values()}),
            "people": sum(seen.people for seen in windows.values()),
            "people_shown": round(
                sum(seen.observed_s for seen in windows.values()) / CLIP_S * CLIP_PEOPLE, 1
            ),
            "processes": {
                verb: found._asdict() for verb in VERBS if (found := self.growth(verb)) is not None
            },
            "samples": [sample._asdict() for sample in self.device.samples],
        }


def soak(plan: Plan, file: Path | None) -> Soak:
    """Run the plan; the report also as JSON in `file`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="agender-soak-")))
        camera = _camera(folder, stack) if plan.live else None
        disk = stack.enter_context(small_disk(folder))
        if not disk:
            print("no disk can be mounted here (root can): it will not be filled", flush=True)
        device = Device(plan, folder, demo_clip(folder), camera)
        stack.callback(device.close)
        done = Soak(plan, device, disk=disk)
        done.run()
        if file is not None:
            unfinished = file.with_name(f".{file.name}")
            unfinished.write_text(json.dumps(done.report(), indent=1) + "\n")
            unfinished.replace(file)
        if done.wrong:
            print((folder / "log").read_text(errors="replace")[-8000:])
        return done


def _camera(folder: Path, stack: ExitStack) -> Camera:
    """The demo's clip as a network camera's stream."""
    stream = folder / "stream.ts"
    video = cv2.VideoCapture(str(demo_clip(folder)))
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    fps = video.get(cv2.CAP_PROP_FPS)
    writer = cv2.VideoWriter(str(stream), cv2.VideoWriter.fourcc(*"mpg2"), fps, size)
    frames = 0
    while (read := video.read())[0]:
        writer.write(read[1])
        frames += 1
    writer.release()
    video.release()
    camera = Camera(stream, frames / fps)
    stack.callback(camera.close)
    return camera


def tell(soak: Soak, fault: str, recovery_s: float) -> None:
    """A line of progress."""
    newest = {sample.verb: sample for sample in soak.device.samples[-6:]}
    memory = "  ".join(
        f"{verb} {newest[verb].rss_mb:6.1f} MiB {newest[verb].handles:3d} files"
        for verb in VERBS
        if verb in newest
    )
    minutes, seconds = divmod(int(soak.device.ran_s), 60)
    print(
        f"{minutes:4d}:{seconds:02d}  {soak.device.heard.last:6d} windows  "
        f"{fault:<17} recovered in {recovery_s:5.1f} s  {memory}",
        flush=True,
    )
