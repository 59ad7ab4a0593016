"""What `doctor` looks at, one function a subject; each finding is good, bad, or to be known."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from edge.config.home import NO_HOME
from edge.config.tables import Config
from edge.diagnostics.finding import Check, Finding
from edge.diagnostics.services import broker, cameras, memory, sandbox, source
from edge.errors import UserError
from edge.history.history import FILE_NAME as HISTORY_NAME
from edge.history.read import UnreadableError, held_days
from edge.host import readings
from edge.outbox import damage
from edge.outbox import rescue as outbox_rescue
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.runtime.capture.decoder import pyav
from edge.runtime.census.clock import system_synced
from edge.runtime.networks.inventory import detectors_of
from edge.runtime.networks.licences import require_commercial
from edge.runtime.networks.model import Network, load, runtime
from edge.runtime.networks.processor import processor_class

DISK_MIN_MB = 100
CMA_MIN_MB = 32
"""Contiguous memory that a camera's two streams take, at least, when they are opened anew."""
HOT_CELSIUS = 80.0
"""The firmware slows a Raspberry Pi down from here on."""


def software(_config: Config) -> Iterator[Finding]:
    """Versions that must fit together."""
    if struct.calcsize("P") < 8:
        yield Finding("system", "bad",
                      "this is a 32-bit system, for which there is no maintained inference runtime",
                      "write Raspberry Pi OS (64-bit) to the card; a Pi Zero 2, 3, 4 and 5 "
                      "run it")  # fmt: skip
    try:
        name, _ = runtime()
    except UserError as error:
        yield Finding("runtime", "bad", str(error), "install what the sentence names")
        return
    packages = (name, "numpy", "opencv-python-headless")
    numbers = [f"{package} {_version(package)}" for package in packages]
    try:
        numbers.append(f"PyAV {pyav().__version__}")
    except UserError as error:
        yield Finding("runtime", "note", str(error))
    yield Finding("runtime", "good", ", ".join(numbers))
    if find_spec("picamera2") and Path(np.__file__).is_relative_to(sys.prefix) and _in_venv():
        yield Finding("numpy", "bad", f"numpy {np.__version__} of the virtual environment hides "
                      "apt's, which picamera2 was built against",
                      f"{sys.prefix}/bin/pip uninstall numpy")  # fmt: skip


def _in_venv() -> bool:
    return sys.prefix != sys.base_prefix


def models(config: Config) -> Iterator[Finding]:
    """Every configured model: there, whole, and run by XNNPACK."""
    folder = Path(config.paths.models)
    names = list(config.estimator.models)
    try:
        names = [*detectors_of(config.detector.model, folder), *names]
    except UserError as error:
        yield Finding("model", "bad", str(error), "set detector.model to what there is")
    for name in names:
        try:
            network = load(name, folder)
            size = network.card.input
            network.run(np.zeros((1, size.height, size.width, size.channels), np.uint8))
        except UserError as error:
            yield Finding("model", "bad", str(error), "install the package or the model again")
            continue
        yield _loaded(network)
    try:
        require_commercial(config)
    except UserError as error:
        yield Finding("licence", "bad", str(error), "choose others, or unset the key")


def _loaded(network: Network) -> Finding:
    text = f"{network.card.name} sha256 {network.card.sha256}"
    if network.delegated:
        return Finding("model", "good", f"{text}, XNNPACK active")
    return Finding(
        "model", "bad", f"{text}, XNNPACK is not active, so it runs slowly",
        "is /proc/cpuinfo readable? (ProcSubset=pid hides it)",
    )  # fmt: skip


def processor(_config: Config) -> Iterator[Finding]:
    """Which it is, how hot, whether it is slowed down; memory for a camera."""
    variant = "with" if processor_class() == "dot_product" else "without"
    yield Finding("processor", "note", f"{readings.processor()}, {variant} 8-bit dot products")
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
    free_mb = readings.contiguous_mb()
    if free_mb is not None:
        yield Finding(
            "camera memory", "bad" if free_mb < CMA_MIN_MB else "good",
            f"{free_mb:.0f} MB of contiguous memory (CMA) free",
            "end other users of the camera; dtoverlay=vc4-kms-v3d,cma-256 in config.txt",
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
    if not config.paths.state:
        yield Finding("disk", "bad", f"nowhere to keep what is counted: {NO_HOME}",
                      "set HOME, or paths.state")  # fmt: skip
        return
    folder = Path(config.paths.state)
    # os.path, whose questions a forbidden folder answers with no instead of an exception
    existing = next(
        path for path in (folder, *folder.parents) if os.path.exists(path) or path.parent == path
    )
    if not (os.path.isdir(existing) and os.access(existing, os.W_OK)):
        yield Finding("disk", "bad", f"{existing} is no folder that can be written",
                      "run as the service's user or root, or set paths.state")  # fmt: skip
        return
    free_mb = shutil.disk_usage(existing).free // 2**20
    yield Finding("disk", "good" if free_mb >= DISK_MIN_MB else "bad",
                  f"{free_mb} MB free at {existing}", "make room")  # fmt: skip
    file = folder / FILE_NAME
    yield _outbox(file) if file.exists() else Finding("outbox", "note", f"none yet at {folder}")
    if (history := folder / HISTORY_NAME).exists():
        yield _history(history)


def _outbox(file: Path) -> Finding:
    """Whether it is one, and what waits in it; it is not touched."""
    try:
        outbox_rescue.refuse_newer(file)  # first: it may have tables that none of ours has
    except UserError as error:
        return Finding("outbox", "bad", str(error), "install that version again")
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=2.0)
        try:
            outbox_rescue.check(connection)
            connection.execute("SELECT count(*) FROM windows")
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if damage.is_corrupt(error, file):
            return Finding("outbox", "bad", f"{file} is damaged, or no outbox: {error}",
                           "vision sets it aside at its next start and takes along what can be "
                           "read: restart it")  # fmt: skip
        return Finding("outbox", "bad", f"{file}: {error}", "is it readable for this user?")
    with Outbox(file, owner=False) as outbox:
        waiting, lost, aside = outbox.depth(), outbox.dropped(), outbox.kept("set_aside")
    more = f", {lost} were dropped" if lost else ""
    more += f", {aside} damaged files were set aside" if aside else ""
    if waiting is None:
        return Finding("outbox", "bad", f"{file} can't be read", "is another program using it?")
    return Finding("outbox", "note", f"{waiting} windows wait for the broker{more}")


def _history(file: Path) -> Finding:
    """Whether it can be read, and how large it is; it is not touched."""
    try:
        days = held_days(file)
    except UnreadableError as error:
        return Finding("history", "bad", str(error),
                       "nothing is added to it, and delivery goes on without; the publisher sets a "
                       "damaged file aside at its next start")  # fmt: skip
    size_mb = file.stat().st_size / 1e6
    return Finding("history", "note", f"{days} days in {size_mb:.1f} MB, for `agender-edge report`")


CHECKS: tuple[Check, ...] = (
    software, models, source, cameras, processor, clock, storage, broker, memory, sandbox,
)  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(from the system)"
