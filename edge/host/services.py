"""Checks of what belongs to the running services: camera, broker, sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from edge.config import Config
from edge.errors import UserError
from edge.host import units
from edge.host.finding import Finding
from edge.host.notify import NO_FRAMES
from edge.publish.probe import probe
from edge.runtime.capture import kind_of, open_source

APT_CAMERA = "sudo apt install python3-picamera2, and make the venv with --system-site-packages"
LOOK = "systemctl status {0}; journalctl --unit={0}"


def source(config: Config) -> Iterator[Finding]:
    """The camera or file gives a frame; the running service says so for the one it holds."""
    kind = kind_of(config.source.uri)
    vision = units.look(units.VISION)
    if vision.active and kind not in ("file", "folder"):
        again = f"; restarted {vision.restarts}×" if vision.restarts else ""
        silent = vision.status.startswith(NO_FRAMES)
        yield Finding("source", "bad" if silent else "good",
                      f"held by {vision.name}: {vision.status}{again}",
                      _source_advice(kind))  # fmt: skip
        return
    try:
        with open_source(config.source) as opened:
            frame = opened.read()
            if frame is None:
                yield Finding("source", "bad", f"{config.source.uri} gives no frame",
                              "try another source.uri")  # fmt: skip
                return
            size = f"{frame.full_width}x{frame.full_height}"
            frame.release()
    except UserError as error:
        yield Finding("source", "bad", str(error), _source_advice(kind))
        return
    yield Finding("source", "good", f"{config.source.uri}, {size}")


def _source_advice(kind: str) -> str:
    """What usually helps with such a source."""
    if kind == "picamera" and find_spec("picamera2") is None:
        return APT_CAMERA
    return {
        "picamera": "rpicam-hello --list-cameras: is it listed? Cable, then the other programs",
        "usb": "is it plugged in, and free? v4l2-ctl --list-devices names those there are",
        "file": "is the path right?",
        "folder": "are there pictures in it?",
    }.get(kind, "is the camera on, and are address, user and password right?")


def broker(config: Config) -> Iterator[Finding]:
    """It takes this device; the running service says so for its own connection."""
    publisher = units.look(units.PUBLISHER)
    if publisher.active:
        connected = publisher.status.startswith("connected")
        yield Finding("broker", "good" if connected else "bad",
                      f"{publisher.name}: {publisher.status}",
                      f"journalctl --unit={publisher.name} says why")  # fmt: skip
        return
    where = f"{config.mqtt.host}:{config.mqtt.port}"
    try:
        trouble = probe(config)
    except UserError as error:
        trouble = str(error)
    if trouble:
        yield Finding("broker", "bad", f"{where}: {trouble}", "check the [mqtt] table")
    else:
        yield Finding("broker", "good", where)


def sandbox(config: Config) -> Iterator[Finding]:
    """Which privacy guarantee is in force, by what confines the processes that run now."""
    found = [units.look(name) for name in (units.VISION, units.PUBLISHER)]
    if not any(unit.installed for unit in found):
        yield _outside()
        return
    for unit, judge in zip(found, (_vision, _publisher), strict=True):
        if not unit.active:
            yield Finding("sandbox", "bad", f"{unit.name} does not run",
                          f"sudo systemctl enable --now {unit.name}; "
                          + LOOK.format(unit.name))  # fmt: skip
            continue
        try:
            yield judge(unit, units.confinement(unit.pid), config)
        except (OSError, KeyError, StopIteration):
            yield Finding("sandbox", "bad", f"{unit.name} ended while it was looked at",
                          LOOK.format(unit.name))  # fmt: skip


def _outside() -> Finding:
    running = units.unsupervised()
    if running:
        return Finding("sandbox", "note",
                       f"vision runs (process {running[0]}), but under no unit of ours: nothing "
                       "but its code keeps pictures here")  # fmt: skip
    return Finding(
        "sandbox", "note", "no units of ours here: what is started by hand has the network"
    )


def _vision(unit: units.Unit, found: units.Confinement, config: Config) -> Finding:
    if found.network and "://" in config.source.uri:
        return Finding("sandbox", "note",
                       f"{unit.name} reads a network camera and so has the network: nothing but "
                       "its code keeps pictures here")  # fmt: skip
    if found.network:
        return Finding("sandbox", "bad", f"{unit.name} can reach the network",
                       "systemctl cat shows the drop-in that allows it; sudo systemctl revert "
                       f"{unit.name}, and restart it")  # fmt: skip
    if found.network is None:
        return Finding("sandbox", "note", f"{unit.name}: run as root to see whether it has a way "
                       "out")  # fmt: skip
    return _judged(unit, found, "no network")


def _publisher(unit: units.Unit, found: units.Confinement, _config: Config) -> Finding:
    if found.cameras:
        return Finding("sandbox", "bad",
                       f"{unit.name} sees cameras: {', '.join(found.cameras)}",
                       f"sudo systemctl revert {unit.name}, and restart it")  # fmt: skip
    return _judged(unit, found, "no camera" if found.cameras is not None else
                   "(run as root to see its devices)")  # fmt: skip


def _judged(unit: units.Unit, found: units.Confinement, first: str) -> Finding:
    open_doors = {
        "runs as root": found.root,
        "has capabilities": found.capable,
        "may gain rights": found.may_gain,
        "its system calls are not filtered": not found.filtered,
        "it may dump its memory": found.dumps_core,
    }
    wrong = [words for words, is_so in open_doors.items() if is_so]
    who = f"{unit.name} (process {unit.pid})"
    if wrong:
        return Finding("sandbox", "bad", f"{who}: {', '.join(wrong)}",
                       f"sudo systemctl revert {unit.name}, and restart it")  # fmt: skip
    return Finding(
        "sandbox", "good",
        f"{who}: {first}, no rights to gain, system calls filtered, no core dumps",
    )  # fmt: skip
