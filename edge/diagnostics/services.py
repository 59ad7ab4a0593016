"""Checks of what belongs to the running services: camera, broker, sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from msgspec.structs import replace

from edge.broker_address import AUTO
from edge.config.address import needs_network
from edge.config.tables import Config
from edge.diagnostics.finding import Finding
from edge.errors import UserError
from edge.host import exposure, units
from edge.host.notify import NO_FRAMES
from edge.publish.auto_broker import LIBRARIES, brokers, may_ask_dns
from edge.publish.probe import probe
from edge.publish.probe_words import in_two
from edge.redact import shown
from edge.runtime.capture import kind_of, open_source, v4l2_device
from edge.runtime.capture.view_health import trouble_at_sight

APT_CAMERA = "sudo apt install python3-picamera2, and make the venv with --system-site-packages"
RESOLVERS = ("/run/systemd/resolve/", "/run/avahi-daemon/")
LOOK = "systemctl status {0}; journalctl --unit={0}"


def source(config: Config, unit: str = "") -> Iterator[Finding]:
    """The camera or file gives a frame; the running service says so for the one it holds.

    `unit`: the service's, where the configuration does not tell it.
    """
    kind = kind_of(config.source.uri)
    vision = units.look(unit or units.of_state(config.paths.state)[0])
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
                yield Finding("source", "bad", f"{shown(config.source.uri)} gives no frame",
                              "try another source.uri")  # fmt: skip
                return
            size = f"{frame.full_width}x{frame.full_height}"
            frame.develop()
            trouble = trouble_at_sight(frame)
            frame.release()
    except UserError as error:
        yield Finding("source", "bad", str(error), _source_advice(kind))
        return
    yield Finding("source", "good", f"{shown(config.source.uri)}, {size}")
    if trouble:
        advice = {
            "dark": "is there light, and the lens uncovered? Infra-red light helps a NoIR camera",
            "covered": "is something before the lens?",
            "blurred": "focus it, or set source.focus_m; is the lens clean?",
        }
        yield Finding("view", "bad", f"the picture is {trouble}", advice[trouble])


def cameras(_config: Config) -> Iterator[Finding]:
    """Each camera that the kernel offers: its name, what to write into source.uri, its formats."""
    for camera in v4l2_device.cameras():
        formats = ", ".join(camera.formats) or "no format"
        yield Finding("camera", "note", f"{camera.name}: {camera.path} ({formats})")


def _source_advice(kind: str) -> str:
    """What usually helps with such a source."""
    if kind == "picamera" and find_spec("picamera2") is None:
        return APT_CAMERA
    return {
        "picamera": "rpicam-hello --list-cameras: is it listed? Cable, then the other programs",
        "usb": "is it plugged in, and free? Those there are stand below as camera",
        "file": "is the path right?",
        "folder": "are there pictures in it?",
    }.get(kind, "is the camera on, and are address, user and password right?")


def broker(config: Config, unit: str = "") -> Iterator[Finding]:
    """Each takes this device; the running service says so for its own connection (see `source`)."""
    publisher = units.look(unit or units.of_state(config.paths.state)[1])
    if publisher.active:
        connected = publisher.status.startswith("connected")
        yield Finding("broker", "good" if connected else "bad",
                      f"{publisher.name}: {publisher.status}",
                      f"journalctl --unit={publisher.name} says why")  # fmt: skip
        return
    for to in config.mqtt.endpoints:
        yield from _probed(replace(config, mqtt=config.mqtt.at(to)))


def _found(config: Config) -> Iterator[Finding]:
    """Which brokers `mqtt.host = "auto"` finds, how, and whether DNS may be asked at all."""
    tls = config.mqtt.tls
    ask_dns = may_ask_dns(config.mqtt, tls=tls)
    if not ask_dns:
        yield Finding("broker", "note", "auto: DNS is not asked, for without mqtt.ca_file or "
                      "mqtt.pins anybody's certificate would do")  # fmt: skip
    for name, package in LIBRARIES.items():
        if find_spec(name) is None and (ask_dns or name != "dns"):
            yield Finding("broker", "note", f"auto: {package} is not installed")
    try:
        for found in brokers(tls=tls, ask_dns=ask_dns):
            yield Finding("broker", "note", f"auto: {found.endpoint} by {found.how}")
    except OSError as error:
        yield Finding("broker", "note", f"auto: {error}")


def _probed(config: Config) -> Iterator[Finding]:
    """One broker takes this device."""
    if config.mqtt.endpoint.host == AUTO:
        yield from _found(config)
    where = str(config.mqtt.endpoint)
    try:
        told = probe(config)
    except UserError as error:
        told = [in_two(str(error))]
    if all(one.state == "note" for one in told):
        yield Finding("broker", "good", f"{where} takes what this device publishes")
    for text, advice, state in told:
        note = f"{where}: {text}" + (f" → {advice}" if state == "note" else "")
        yield Finding("broker", state, note, advice)


def sandbox(config: Config) -> Iterator[Finding]:
    """Which privacy guarantee is in force, by what confines the processes that run now."""
    found = [units.look(name) for name in units.of_state(config.paths.state)]
    page = units.look(units.page_of(units.instance_in(config.paths.state)))
    if page.active or (page.installed and config.page.enabled):
        found.append(page)
    if not any(unit.installed for unit in found):
        yield _outside()
        return
    for unit, judge in zip(found, (_vision, _publisher, _publisher), strict=False):
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


def memory(config: Config) -> Iterator[Finding]:
    """Frames stay in memory, and a limit on it holds."""
    if exposure.memory_controlled() is False:
        swap = ", and frames may be swapped to a disk" if exposure.may_be_swapped() else ""
        yield Finding(
            "memory", "bad",
            f"the kernel's memory controller is off, so that no limit of a unit holds{swap}",
            "add cgroup_enable=memory to /boot/firmware/cmdline.txt, and reboot",
        )  # fmt: skip
        return
    running = units.look(units.of_state(config.paths.state)[0])
    pids = [running.pid] if running.active else units.unsupervised()
    swapped = [pid for pid in pids if exposure.may_be_swapped(pid=str(pid))]
    if swapped or (not pids and exposure.may_be_swapped()):
        yield Finding("memory", "bad" if swapped else "note",
                      "there is swap on a disk, and nothing keeps frames from it",
                      "run vision by its unit, which sets MemorySwapMax=0, or take the swap off: "
                      "sudo swapoff --all")  # fmt: skip
    else:
        yield Finding("memory", "good", "frames can't be swapped to a disk")


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
    if found.network and needs_network(config.source.uri):
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
        "its memory may be swapped to a disk": found.swappable,
    }
    reached = [name for name in found.sockets or () if not name.startswith(RESOLVERS)]
    if reached and "vision" in unit.name:
        open_doors[f"it reaches {', '.join(reached[:3])}"] = True
    wrong = [words for words, is_so in open_doors.items() if is_so]
    who = f"{unit.name} (process {unit.pid})"
    if wrong:
        return Finding("sandbox", "bad", f"{who}: {', '.join(wrong)}",
                       f"sudo systemctl revert {unit.name}, and restart it")  # fmt: skip
    return Finding(
        "sandbox", "good",
        f"{who}: {first}, no rights to gain, system calls filtered, no core dumps, no swap",
    )  # fmt: skip
