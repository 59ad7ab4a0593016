"""What `doctor` looks at, one function a subject; each finding is good, bad, or to be known."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from edge.config import Config
from edge.errors import UserError
from edge.host import readings
from edge.outbox import FILE_NAME, Outbox
from edge.publish.probe import probe
from edge.runtime.capture import open_source
from edge.runtime.clock import system_synced
from edge.runtime.detect import PRESETS
from edge.runtime.model import Network, load, runtime

DISK_MIN_MB = 100
HOT_CELSIUS = 80.0
"""The firmware slows a Raspberry Pi down from here on."""


class Finding(NamedTuple):
    """One line of the doctor's: `advice` says what to do about a bad one."""

    subject: str
    state: Literal["good", "bad", "note"]
    text: str
    advice: str = ""


Check = Callable[[Config], Iterator[Finding]]


def software(_config: Config) -> Iterator[Finding]:
    """Versions that must fit together."""
    try:
        name, _ = runtime()
    except UserError as error:
        yield Finding("runtime", "bad", str(error), "install what the sentence names")
        return
    numbers = [
        f"{package} {_version(package)}" for package in (name, "numpy", "opencv-python-headless")
    ]
    yield Finding("runtime", "good", ", ".join(numbers))


def models(config: Config) -> Iterator[Finding]:
    """Every configured model: there, whole, and run by XNNPACK."""
    names = [*PRESETS.get(config.detector.model, (config.detector.model,)),
             *config.estimator.models]  # fmt: skip
    if config.detector.model == "haar":
        names = names[1:]  # OpenCV's own file, no bundle of ours
    for name in names:
        try:
            folder, forced = Path(config.paths.models), config.estimator.force_heavy
            network = load(name, folder, force_heavy=forced)
            card = network.card
            network.run(np.zeros((1, card.input.height, card.input.width, 3), np.uint8))
        except UserError as error:
            yield Finding("model", "bad", str(error), "install the package or the model again")
            continue
        yield _loaded(network)


def _loaded(network: Network) -> Finding:
    text = f"{network.card.name} sha256 {network.card.sha256}"
    if network.delegated:
        return Finding("model", "good", f"{text}, XNNPACK active")
    return Finding(
        "model", "bad", f"{text}, XNNPACK is not active, so it runs slowly",
        "is /proc/cpuinfo readable? (ProcSubset=pid hides it)",
    )  # fmt: skip


def source(config: Config) -> Iterator[Finding]:
    """The camera or file gives a frame."""
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
        yield Finding("source", "bad", str(error), "is the camera plugged in, and free?")
        return
    yield Finding("source", "good", f"{config.source.uri}, {size}")


def processor(_config: Config) -> Iterator[Finding]:
    """Which it is, how hot, and whether it is slowed down."""
    yield Finding("processor", "note", readings.processor())
    heat, slowed = readings.temperature_celsius(), readings.throttled()
    if heat is not None:
        yield Finding(
            "temperature", "bad" if heat >= HOT_CELSIUS else "good", f"{heat:.0f} °C",
            "give it air or a heat sink",
        )  # fmt: skip
    if slowed is not None:
        yield Finding(
            "throttling", "bad" if slowed else "good", "slowed down" if slowed else "none",
            "check the power supply and the temperature",
        )  # fmt: skip


def clock(_config: Config) -> Iterator[Finding]:
    """Stamps can be trusted."""
    if system_synced():
        yield Finding("clock", "good", "synchronised")
    else:
        yield Finding("clock", "bad", "not synchronised: windows will be marked so",
                      "enable systemd-timesyncd or chrony")  # fmt: skip


def storage(config: Config) -> Iterator[Finding]:
    """The outbox's folder can be written and has room; what waits in it."""
    folder = Path(config.paths.state)
    # os.path, whose questions a forbidden folder answers with no instead of an exception
    existing = next(
        path for path in (folder, *folder.parents) if os.path.exists(path) or path.parent == path
    )
    if not (os.path.isdir(existing) and os.access(existing, os.W_OK)):
        yield Finding("disk", "bad", f"{existing} is no folder that can be written",
                      "run as the service's user, or set paths.state")  # fmt: skip
        return
    free_mb = shutil.disk_usage(existing).free // 2**20
    yield Finding("disk", "good" if free_mb >= DISK_MIN_MB else "bad",
                  f"{free_mb} MB free at {existing}", "make room")  # fmt: skip
    if (folder / FILE_NAME).is_file():
        with Outbox(folder / FILE_NAME, owner=False) as outbox:
            yield Finding("outbox", "note", f"{outbox.depth()} windows wait for the broker")
    else:
        yield Finding("outbox", "note", f"none yet at {folder}")


def broker(config: Config) -> Iterator[Finding]:
    """It takes this device."""
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
    """Which privacy guarantee is in force."""
    if "://" in config.source.uri:
        yield Finding("privacy", "note",
                      "a network camera: vision needs the network, so nothing but the code keeps "
                      "pictures here")  # fmt: skip
    elif Path("/etc/systemd/system/agender-vision.service").exists():
        yield Finding("privacy", "good", "the service runs vision without a network")
    else:
        yield Finding("privacy", "note", "no systemd unit here: vision is not cut off the network")


CHECKS: tuple[Check, ...] = (
    software, models, source, processor, clock, storage, broker, sandbox,
)  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(from the system)"
