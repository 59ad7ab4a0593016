"""A whole device on this machine: camera or clip, both processes, a broker, and a consumer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.soak.consumer import Heard
from benchmarks.soak.plan import Plan
from edge.outbox.outbox import FILE_NAME, Outbox
from tests.main_job.program import children_of, start
from tests.publish.proxy import FaultProxy
from tests.publish.support import Broker, Subscriber
from tests.system.soak.camera import Camera

ROOT = Path(__file__).parents[2]
DISK_MB = 8
CLOCK = ROOT / "tests" / "system" / "soak" / "clock"


class Stuck(Exception):
    """The device did not recover; the text says from what."""


class Sample(NamedTuple):
    """One process at one moment; `life` changes with its number and when it starts itself anew."""

    at_s: float
    verb: str
    life: str
    rss_mb: float
    pss_mb: float
    handles: int
    threads: int


def measured(at_s: float, verb: str, number: int, life: str) -> Sample:
    """The kernel's books on a process. OSError where it has just ended."""
    proc = Path(f"/proc/{number}")
    kilobytes = {
        line.split(":")[0]: int(line.split()[1])
        for line in (proc / "smaps_rollup").read_text().splitlines()[1:]
    }
    return Sample(
        at_s,
        verb,
        life,
        kilobytes["Rss"] / 1024,
        kilobytes["Pss"] / 1024,
        len(list((proc / "fd").iterdir())),
        len(list((proc / "task").iterdir())),
    )


class Device:
    """`agender-edge run` as a user starts it, and everything around it that a fault may touch."""

    def __init__(self, plan: Plan, folder: Path, clip: Path, camera: Camera | None) -> None:
        self.plan, self.camera = plan, camera
        self.random = Random(plan.seed)
        self.state = folder / "state"
        self.clock = folder / "clock"
        self.clock.write_text("0")
        self.broker = Broker(folder)
        self.proxy = FaultProxy(self.broker.port, self.random)
        self.proxy.faulty = False
        self.consumer = Subscriber(self.broker.port, "agender/v2/soak/#", qos=0)
        self.heard = Heard(self.consumer)
        self.samples: list[Sample] = []
        self.reloads = 0
        self.began_s = time.monotonic()
        self._log = (folder / "log").open("wb")
        source = f"rtsp://127.0.0.1:{camera.port}/live" if camera else str(clip)
        self.process = self._started(source)
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def _started(self, source: str) -> subprocess.Popen[str]:
        keys = {
            "device.site": "soak", "device.name": "device", "source.uri": source,
            "source.stall_s": 3, "source.give_up_s": 20, "source.repeat": 1_000_000,
            "mqtt.host": "127.0.0.1", "mqtt.port": self.proxy.port, "mqtt.timeout_s": 5,
            "mqtt.reconnect_max_s": 5, "mqtt.refused_retry_s": 5,
            "paths.state": self.state, "paths.runtime": self.state.parent / "run",
            "window.length_s": self.plan.window_s, "detector.model": self.plan.detector,
            "log.level": "warning",
        }  # fmt: skip
        flags = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
        environment = os.environ | {
            "PYTHONPATH": f"{CLOCK}:{ROOT}",
            "AGENDER_SOAK_CLOCK": str(self.clock),
            "OMP_NUM_THREADS": "1",
        }
        return start("run", *flags, env=environment, stdout=self._log, stderr=self._log)

    @property
    def ran_s(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began_s

    def number_of(self, verb: str) -> int | None:
        """The process number of a child, if it runs."""
        return children_of(self.process).get(verb)

    def next_seq(self) -> int:
        """The number that the window which is open now will get."""
        with Outbox(self.state / FILE_NAME, owner=False) as outbox:
            return max(outbox.kept("next_seq"), 1)

    def wait_for(self, condition: Callable[[], object], what: str, within_s: float = 120) -> None:
        """Look again and again; Stuck where it is not true in time."""
        until_s = time.monotonic() + within_s
        while not condition():
            if self.process.poll() is not None:
                raise Stuck(f"the program ended with status {self.process.returncode}: {what}")
            if time.monotonic() > until_s:
                raise Stuck(f"not within {within_s:g} s: {what}")
            time.sleep(0.1)

    def wait_for_full_windows(self, beyond: int, what: str) -> int:
        """The number of the first full window above `beyond`, once it has arrived."""
        found: list[int] = []

        def look() -> bool:
            self.heard.catch_up()
            found[:] = [
                number
                for number, seen in self.heard.windows.items()
                if number > beyond and seen.is_full(self.plan.window_s)
            ]
            return bool(found)

        self.wait_for(look, what)
        return min(found)

    def request(self, verb: str) -> None:
        """Ask the device over MQTT, and hear its answer."""
        topic = f"agender/v2/soak/device/response/{verb}"
        before = len(self.consumer.heard)

        def answered() -> bool:
            return any(topic == heard[0] for heard in self.consumer.heard[before:])

        self.consumer.send(f"agender/v2/soak/device/request/{verb}", "{}")
        self.wait_for(answered, f"an answer to {verb}", 30)
        self.reloads += verb == "reload"

    def end(self) -> int:
        """Ask it to end, and hear the last windows."""
        self.process.terminate()
        status = self.process.wait(60)
        end_s = time.monotonic() + 10
        while self.heard.availability != "stopped" and time.monotonic() < end_s:
            self.heard.catch_up()
            time.sleep(0.1)
        return status

    def close(self) -> None:
        """Leave nothing running."""
        self._done.set()
        self._sampler.join()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()  # its children die with it
        self.process.wait()
        self.consumer.close()
        self.broker.stop()
        self.proxy.close()
        self._log.close()

    def _sample(self) -> None:
        while not self._done.wait(self.plan.sample_s):
            numbers = {"run": self.process.pid, **children_of(self.process)}
            for verb, number in numbers.items():
                life = f"{number}/{self.reloads}" if verb != "run" else str(number)
                with contextlib.suppress(OSError, KeyError):
                    self.samples.append(measured(self.ran_s, verb, number, life))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk that can be filled, for the outbox, where we may mount one; whether it is one."""
    disk = folder / "state"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(disk)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], check=True)
