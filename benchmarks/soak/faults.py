"""Everything that goes wrong in a year, one after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from benchmarks.soak.device import Device


class Fault(NamedTuple):
    """`act` brings it about, waits, and ends it.

    `blinds`: vision cannot look at everything meanwhile. `kills`: a process ends by it, and its
    memory starts anew. `live_only`: needs a camera instead of a clip.
    """

    name: str
    act: Callable[[Device], None]
    blinds: bool = False
    kills: bool = False
    live_only: bool = False


def deck(device: Device, deadly: Callable[[], bool], *, disk: bool) -> Iterator[Fault]:
    """All faults that this device can suffer, in ever new order, for ever.

    Those that end a process only in rounds that begin while `deadly` is true: later on processes
    live long enough for their memory to be judged.
    """
    possible = [
        fault
        for fault in FAULTS
        if (device.camera is not None or not fault.live_only) and (disk or fault.act is not full)
    ]
    shuffled = Random(device.plan.seed)
    while True:
        kill = deadly()
        hand = [fault for fault in possible if kill or not fault.kills]
        shuffled.shuffle(hand)
        yield from hand


def pause_of(device: Device) -> float:
    """How long a fault lasts this time."""
    return device.random.uniform(*device.plan.fault_s)


def broker_killed(device: Device) -> None:
    """Kill -9, a while without, a new start.

    Nobody gets in before the consumer is back: what a broker acknowledged and had not yet handed
    on dies with it, and no device can know.
    """
    device.proxy.shut = True
    device.broker.kill()
    device.consumer.lost()
    time.sleep(pause_of(device))
    device.broker.start()
    device.wait_for(device.consumer.is_back, "the consumer's return")
    device.proxy.shut = False


def broker_refuses(device: Device) -> None:
    """Connections are taken and closed at once, those that were open too."""
    device.proxy.shut = True
    time.sleep(pause_of(device))
    device.proxy.shut = False


def bad_line(device: Device) -> None:
    """Connections are cut, reset, halved, delayed, black-holed, refused."""
    device.proxy.faulty = True
    time.sleep(2 * pause_of(device))
    device.proxy.faulty = False


def _killed(verb: str) -> Callable[[Device], None]:
    def kill(device: Device) -> None:
        device.wait_for(lambda: device.number_of(verb), verb)
        os.kill(device.number_of(verb) or 0, signal.SIGKILL)

    return kill


def frozen(device: Device) -> None:
    """Vision gets no processor at all for a while, as on a machine that swaps."""
    device.wait_for(lambda: device.number_of("vision"), "vision")
    number = device.number_of("vision") or 0
    os.kill(number, signal.SIGSTOP)
    time.sleep(pause_of(device))
    os.kill(number, signal.SIGCONT)


def clock_jumps(device: Device) -> None:
    """The wall clock is set an hour on or back, and later right again."""
    device.clock.write_text(str(device.random.choice((-3600, 3600))))
    time.sleep(pause_of(device))
    device.clock.write_text("0")


def full(device: Device) -> None:
    """The disk under the outbox takes nothing more for a while."""
    ballast = device.state / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        time.sleep(pause_of(device))
    finally:
        ballast.unlink()


def paused(device: Device) -> None:
    """The camera is closed on request, and opened again."""
    device.request("pause")
    time.sleep(pause_of(device))
    device.request("resume")


def reloaded(device: Device) -> None:
    """Both processes start themselves anew."""
    device.request("reload")


def camera_hangs(device: Device) -> None:
    """The connection stays, and no frame comes for longer than vision waits before it reopens."""
    assert device.camera is not None
    device.camera.hung.set()
    time.sleep(5 + pause_of(device) / 2)
    device.camera.hung.clear()


def camera_dies(device: Device) -> None:
    """It hangs until vision gives up and is started again, and answers only then."""
    assert device.camera is not None
    before = device.number_of("vision")
    device.camera.hung.set()
    device.wait_for(lambda: device.number_of("vision") != before, "vision to give up")
    device.camera.hung.clear()


def camera_unplugged(device: Device) -> None:
    """The stream ends, connections are refused, and later it is there again."""
    assert device.camera is not None
    device.camera.away.set()
    time.sleep(pause_of(device))
    device.camera.away.clear()


FAULTS = (
    Fault("broker killed", broker_killed),
    Fault("broker refuses", broker_refuses),
    Fault("bad line", bad_line),
    Fault("clock jumps", clock_jumps),
    Fault("disk full", full),
    Fault("vision frozen", frozen, blinds=True),
    Fault("paused", paused, blinds=True),
    Fault("vision killed", _killed("vision"), blinds=True, kills=True),
    Fault("publisher killed", _killed("publisher"), kills=True),
    Fault("reloaded", reloaded, blinds=True, kills=True),
    Fault("camera hangs", camera_hangs, blinds=True, live_only=True),
    Fault("camera unplugged", camera_unplugged, blinds=True, live_only=True),
    Fault("camera dies", camera_dies, blinds=True, kills=True, live_only=True),
)
