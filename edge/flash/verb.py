"""Check everything, gather what all devices share, then write one kit each."""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.config import read as settings
from edge.config.tables import Config
from edge.errors import UserError
from edge.flash import access, configured, secret, target, wheels
from edge.flash.cameras import Further, further, require_apart
from edge.flash.cloud import Wifi
from edge.flash.configured import Overrides
from edge.flash.devices import Device, devices
from edge.flash.kit import Camera, Content, Kit, Login, size_of
from edge.flash.release import ARCHITECTURES, RELEASES, fitting
from edge.output import say
from edge.publish.topics import Topics

RELEASE = RELEASES["trixie"]


@dataclass(frozen=True, slots=True)
class Common:
    """What all devices of a command line share."""

    user: str
    ssh_keys: tuple[str, ...]
    wifi: Wifi | None
    ca: Path | None
    payload: Mapping[str, Content]
    drop_ins: tuple[str, ...]


def flash_kit(parsed: argparse.Namespace, overrides: Overrides) -> int:
    """Write a kit for each device; nothing is written before all of it is known to be right."""
    chosen = devices(parsed)
    out: Path = parsed.out
    several = len(chosen) > 1 or bool(parsed.devices)
    target.check(out, several)
    configs = [configured.configuration(parsed, overrides, device) for device in chosen]
    logins = [_login(device, config) for device, config in zip(chosen, configs, strict=True)]
    more = {camera.name: _configured(camera, overrides) for camera in further(parsed, chosen)}
    every = [*configs, *(config for config, _ in more.values())]
    if more:
        require_apart(every)
    with tempfile.TemporaryDirectory(prefix="flash-kit-") as scratch:
        common = _common(parsed, every, Path(scratch))
        kits = [
            _kit(device, config, login, more, common)
            for device, config, login in zip(chosen, configs, logins, strict=True)
        ]
        written = [(out / kit.device if several else out, kit.files()) for kit in kits]
        target.check_room(out, [files for _, files in written], offline=parsed.offline)
        if several:
            target.make_folder(out)
        for kit, (folder, files) in zip(kits, written, strict=True):
            target.write(folder, files, kit.kernel_words)
            say(f"{folder}: {len(files)} files, {size_of(files) / 1e6:.1f} MB")
    _advise(every, common, parsed)
    return 0


def _common(parsed: argparse.Namespace, configs: list[Config], scratch: Path) -> Common:
    user, keys = access.user(parsed.user), access.ssh_keys(parsed.ssh_key)
    ca, wifi = access.certificates(parsed.tls_ca), access.wifi(parsed)
    models = wheels.own_models(parsed.models) if parsed.models else []
    payload = _payload(parsed, configs, models, scratch)
    drop_ins = ("reboot-when-stuck.conf",) if parsed.reboot_when_stuck else ()
    return Common(user, keys, wifi, ca, payload, drop_ins)


def _payload(
    parsed: argparse.Namespace, configs: list[Config], models: list[Path], scratch: Path
) -> dict[str, Content]:
    """Program, pip, lock, and where asked for models and all wheels."""
    wheel = parsed.wheel
    if wheel is None:
        say("building the wheel")
        wheel = wheels.build(scratch)
    wheels.checked(wheel)
    cards = parsed.models or wheels.cards_in(wheel, scratch)
    for config in configs:
        configured.check_models(config, cards)
    lock = wheels.lock_of(RELEASE)
    complete = wheels.complete_lock(RELEASE, wheel)
    payload: dict[str, Content] = {wheel.name: wheel, "lock.txt": complete.encode()}
    payload |= {f"models/{path.name}": path for path in models}
    payload["version"] = _version(wheel, payload).encode() + b"\n"
    payload["made-for"] = f"{RELEASE.name} {ARCHITECTURES[parsed.machine]}\n".encode()
    return payload | _fetched(parsed, lock, scratch)


def _fetched(parsed: argparse.Namespace, lock: Path, scratch: Path) -> dict[str, Content]:
    """pip itself, which needs no package of apt then; all of the lock where asked for."""
    what = "all wheels" if parsed.offline else "pip"
    index = parsed.index_url
    whose = index or "the index that pip is set to"
    say(f"fetching {what} for {RELEASE.name} on {parsed.machine} from {whose}")
    folder = scratch / "wheels"
    folder.mkdir()
    only = "" if parsed.offline else "pip"
    fits = fitting(RELEASE, parsed.machine)
    wheels.download(lock, folder, fits, index, only=only)
    (pip,) = folder.glob("pip-*.whl")
    payload: dict[str, Content] = {pip.name: pip}
    if index:
        payload["index"] = f"{index}\n".encode()
    if parsed.offline:
        others = sorted(set(folder.iterdir()) - {pip})
        payload |= {f"wheels/{path.name}": path for path in others}
    return payload


def _version(wheel: Path, contents: Mapping[str, Content]) -> str:
    """The wheel's version and a hash of what is installed: two releases never share a folder."""
    digest = hashlib.sha256()
    for name, held in sorted(contents.items()):
        digest.update(name.encode() + (held.read_bytes() if isinstance(held, Path) else held))
    return f"{wheel.name.split('-')[1]}-{digest.hexdigest()[:12]}"


def _login(device: Device, config: Config) -> Login:
    if not config.mqtt.username:
        if device.password_file:
            raise UserError("--username is missing: whose password is it at the broker?")
        return Login()
    what = f"the password of {config.mqtt.username} at {config.mqtt.host}"
    password = secret.read(device.password_file, "--password-file", what)
    return Login(username=config.mqtt.username, password=password)


def _configured(camera: Further, overrides: Overrides) -> tuple[Config, Login]:
    config = configured.configuration(camera.parsed, overrides, camera.device)
    return config, _login(camera.device, config)


def _camera(config: Config, login: Login, common: Common) -> Camera:
    network = ("network-camera.conf",) if configured.needs_network(config) else ()
    text = settings.changed_as_toml(config)
    return Camera(config=text, login=login, drop_ins=(*common.drop_ins, *network))


def _kit(
    device: Device,
    config: Config,
    login: Login,
    more: Mapping[str, tuple[Config, Login]],
    common: Common,
) -> Kit:
    return Kit(
        device=device.name,
        hostname=device.hostname,
        user=common.user,
        ssh_keys=common.ssh_keys,
        wifi=common.wifi,
        camera=_camera(config, login, common),
        further={name: _camera(*both, common) for name, both in more.items()},
        ca=common.ca,
        packages=configured.packages(config, *(other for other, _ in more.values())),
        payload=common.payload,
    )


def _advise(configs: list[Config], common: Common, parsed: argparse.Namespace) -> None:
    if not target.is_boot_partition(parsed.out):
        say("copy this onto the boot partition of Raspberry Pi OS Lite (64-bit, Trixie)")
    if not common.ssh_keys:
        say("without --ssh-key nobody can log in; the card and MQTT alone tell how it is")
    topics = {Topics(config).counts for config in configs}
    say(f"counts will come on {', '.join(sorted(topics))} at {configs[0].mqtt.host}")
