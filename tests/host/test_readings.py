"""What the kernel's files say, as numbers; None where a machine has no such file."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.host import readings


def file(folder: Path, text: str) -> Path:
    path = folder / "file"
    path.write_text(text)
    return path


PI_4 = "devices/platform/soc/soc:firmware"
PI_5 = "devices/platform/soc@107c000000/soc@107c000000:firmware"


@pytest.mark.parametrize("folder", [PI_4, PI_5], ids=["Pi 4", "Pi 5"])
@pytest.mark.parametrize(
    ("text", "slowed"),
    [("0\n", False), ("50000\n", False), ("1\n", True), ("50005\n", True), ("8\n", True)],
    ids=["never", "was once", "under-voltage", "now, and was", "soft limit"],
)
def test_only_the_present_slows_down(tmp_path: Path, folder: str, text: str, slowed: bool):
    """The firmware's flags: bits 0 to 3 are now, bits 16 to 19 tell of the past."""
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "get_throttled").write_text(text)
    assert readings.throttled(tmp_path) is slowed


@pytest.mark.parametrize(
    ("name", "alarm", "slowed"),
    [("rpi_volt", "1\n", True), ("rpi_volt", "0\n", False), ("other", "1\n", None)],
)
def test_without_the_flags_the_power_s_alarm_tells(
    tmp_path: Path, name: str, alarm: str, slowed: bool | None
):
    """Kernels that lack the firmware's flags have a sensor of the voltage, by its name."""
    for number, chip in enumerate(("cpu_thermal", name)):
        folder = tmp_path / f"class/hwmon/hwmon{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{chip}\n")
    (folder / "in0_lcrit_alarm").write_text(alarm)
    assert readings.throttled(tmp_path) is slowed


def test_heat_is_told_in_thousandths(tmp_path: Path):
    """As the kernel's thermal zones do."""
    assert readings.temperature_celsius(file(tmp_path, "61850\n")) == pytest.approx(61.85)


@pytest.mark.parametrize(
    ("interfaces", "network"),
    [(("lo",), False), (("lo", "eth0"), True), (("wlan0",), True), ((), False)],
)
def test_a_way_out_is_any_interface_but_the_loopback(tmp_path, interfaces, network):
    """/proc/net/dev: two lines of headings, then one for each."""
    lines = ["Inter-|  Receive", " face |bytes", *(f"{name:>6}: 0 0" for name in interfaces)]
    assert readings.has_network(file(tmp_path, "\n".join(lines) + "\n")) is network


@pytest.mark.parametrize(
    ("info", "free_mb"),
    [
        ("CmaTotal:  524288 kB\nCmaFree:   262144 kB\n", 256.0),
        ("CmaTotal:       0 kB\nCmaFree:        0 kB\n", None),
        ("MemTotal:  524288 kB\n", None),
    ],
)
def test_contiguous_memory_is_told_where_there_is_any(tmp_path, info, free_mb):
    """What cameras are given on a Raspberry Pi."""
    assert readings.contiguous_mb(file(tmp_path, info)) == free_mb


def test_what_is_not_there_is_not_known(tmp_path: Path):
    """No thermometer, no firmware, no such process."""
    missing = tmp_path / "none"
    assert readings.temperature_celsius(missing) is None
    assert readings.throttled(missing) is None
    assert readings.has_network(missing) is None
    assert readings.contiguous_mb(missing) is None
    assert readings.memory_mb(missing) == 0.0
