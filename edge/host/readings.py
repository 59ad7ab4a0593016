"""What the machine says of itself: temperature, throttling, memory. None where it can't tell."""

from __future__ import annotations

import platform
from functools import cache
from itertools import chain
from pathlib import Path

THERMAL_ZONE = Path("/sys/class/thermal/thermal_zone0/temp")
SYS = Path("/sys")
THROTTLED = "devices/platform/soc*/soc*:firmware/get_throttled"
"""The Raspberry Pi firmware's flags, in hex, as `vcgencmd get_throttled` prints them.

The folders are called soc up to a Pi 4, and soc@107c000000 on a Pi 5.
"""
UNDER_VOLTAGE = "class/hwmon/hwmon*/in0_lcrit_alarm"
"""1 in the last seconds' want of power; all that kernels without the flags tell of them."""

THROTTLED_NOW = 0b1111
"""Bits 0–3: under-voltage, capped frequency, throttled, soft temperature limit — right now."""


def temperature_celsius(zone: Path = THERMAL_ZONE) -> float | None:
    """The processor's temperature."""
    try:
        return int(zone.read_text()) / 1000
    except (OSError, ValueError):
        return None


def throttled(system: Path = SYS) -> bool | None:
    """Whether the processor is slowed down at this moment."""
    file = _slowed_file(system)
    try:
        if file is None:
            return None
        return bool(int(file.read_text(), 16) & THROTTLED_NOW)
    except (OSError, ValueError):
        return None


@cache  # searched for once: it costs more than all else that is told of the machine
def _slowed_file(system: Path) -> Path | None:
    """The firmware's flags; else the voltage's alarm, which is 0 or 1."""
    alarms = (alarm for alarm in system.glob(UNDER_VOLTAGE) if _is_rpi_volt(alarm.parent))
    return next(chain(system.glob(THROTTLED), alarms), None)


def _is_rpi_volt(sensor: Path) -> bool:
    try:
        return (sensor / "name").read_text().strip() == "rpi_volt"
    except OSError:
        return False


def has_route(net: Path = Path("/proc/net")) -> bool | None:
    """Whether there is a way to any other machine; None where the kernel does not tell."""
    try:
        with (net / "route").open(encoding="ascii") as four:
            interfaces = [line.split()[0] for line in four][1:]
        if (net / "ipv6_route").exists():
            with (net / "ipv6_route").open(encoding="ascii") as six:
                interfaces += [line.split()[-1] for line in six]
    except (OSError, IndexError):
        return None
    return any(interface != "lo" for interface in interfaces)


def has_network(devices: Path = Path("/proc/self/net/dev")) -> bool | None:
    """Whether this process has a network interface other than the loopback.

    Behind systemd's PrivateNetwork= it has none: there is no way out for anything it sees.
    """
    try:
        lines = devices.read_text(encoding="ascii").splitlines()[2:]
    except OSError:
        return None
    return any(line.split(":")[0].strip() != "lo" for line in lines)


def memory_mb(status: Path = Path("/proc/self/status")) -> float:
    """Resident memory of a process, by default this one, in MiB; 0 where it can't be read."""
    try:
        for line in status.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError):
        pass
    return 0.0


def processor() -> str:
    """The processor's name as the kernel tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def contiguous_mb(info: Path = Path("/proc/meminfo")) -> float | None:
    """Free contiguous memory (CMA), which cameras are given, in MiB; None where there is none."""
    try:
        lines = dict(line.split(":", 1) for line in info.read_text().splitlines())
        if int(lines["CmaTotal"].split()[0]) == 0:
            return None
        return int(lines["CmaFree"].split()[0]) / 1024
    except (OSError, KeyError, ValueError):
        return None
