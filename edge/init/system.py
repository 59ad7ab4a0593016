"""What an installed device needs of the system: configuration, credential, users, units."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.config.address import needs_network
from edge.config.tables import Config
from edge.endings import endings
from edge.errors import UserError
from edge.host.units import VISION, look
from edge.init.places import SEALED, Places
from edge.kernel_line import MEMORY_CONTROLLER, tell_kernel
from edge.output import say
from edge.whole_files import replacing

SHARE = Path(sys.prefix) / "share" / "agender-edge" / "systemd"
PACKAGED = Path(sys.prefix) == Path("/usr/lib/agender-edge/current")
"""Debian's package has brought units, users and folders, and keeps them."""
GROUP = "agender"


def require(places: Places, out: Path) -> None:
    """UserError where services can't be set up here, before anything is asked or written."""
    if out != places.file:
        raise UserError(
            f"the services read {places.file}: leave --out away, or write a file alone with "
            "--no-services"
        )
    if os.geteuid() != 0:
        raise UserError(
            "the services are set up by root: sudo agender-edge init …; or write a configuration "
            "alone with --no-services --out FILE"
        )
    if PACKAGED:
        return
    if not (SHARE / VISION).is_file():
        raise UserError(f"{SHARE / VISION} is not there: install the package again")
    if not places.program.exists():
        raise UserError(
            f"the services run {places.program}, which is not there: let /opt/agender-edge/current "
            f"be a link to where the program is installed (this is {sys.prefix})"
        )


def install_users(places: Places) -> None:
    """Users and folders of the units, as they come with the program."""
    if PACKAGED:
        return
    for kind in ("sysusers", "tmpfiles"):
        _copy(SHARE / f"agender-edge.{kind}", places.root / f"etc/{kind}.d/agender-edge.conf")
    _run("systemd-sysusers", "agender-edge.conf")
    _run("systemd-tmpfiles", "--create", "agender-edge.conf")


def install_units(config: Config, places: Places) -> None:
    """The units, as they come with the program; a network for vision only where it needs it."""
    units = places.root / "etc/systemd/system"
    for unit in () if PACKAGED else places.shipped:
        _copy(SHARE / unit, units / unit)
    drop_in = units / f"{places.units[0]}.d" / "network-camera.conf"
    if needs_network(config.source.uri):
        _copy(SHARE / "drop-ins" / drop_in.name, drop_in)
    else:
        drop_in.unlink(missing_ok=True)
    _run("systemctl", "daemon-reload")


def start(places: Places, *, untested: bool = False) -> None:
    """Now and at every boot; `untested`: one that does not come up yet is said, and tried on."""
    _run("systemctl", "enable", "--quiet", *places.enabled)
    # One that was about to start by itself may have the configuration of before.
    for command in (("restart", *places.units, places.page), ("start", *places.enabled)):
        try:
            _run("systemctl", *command)
        except UserError as error:
            if not untested:
                raise
            say(f"{error}; it is tried again and again")


@contextmanager
def stopped(places: Places) -> Iterator[None]:
    """While camera and broker are tried, what holds them rests; it goes on where that fails.

    Nobody waits for it then: without its camera vision would be waited for in vain.
    """
    units = [look(unit) for unit in places.units]
    running = [unit.name for unit in units if unit.active or unit.starting]
    try:
        with endings(even_ignored=False):
            if running:
                _run("systemctl", "stop", *running)
            yield
    except BaseException:
        if running:
            _run("systemctl", "start", "--no-block", *running)
        raise


def give_to_services(file: Path) -> None:
    """A camera's address may hold a password: readable for root and the services alone."""
    shutil.chown(file, "root", GROUP)
    file.chmod(0o640)


def store_password(password: str, places: Places) -> None:
    """Encrypted for this machine where systemd can, else for root alone; empty: none is kept."""
    try:
        for folder in (places.plain.parent, places.sealed.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _store(password, places)
        places.user.unlink(missing_ok=True)  # the configuration names the user that was tried
    except OSError as error:
        raise UserError(f"the password cannot be stored: {error}") from error


def _store(password: str, places: Places) -> None:
    if password and _seal(password, places.sealed):
        places.plain.unlink(missing_ok=True)
        return
    if password:
        with replacing(places.plain) as fresh:
            fresh.chmod(0o600)
            fresh.write_text(f"{password}\n", encoding="utf-8")
    else:
        places.plain.unlink(missing_ok=True)
    # One that was sealed earlier is another password, and would be taken before this one.
    places.sealed.unlink(missing_ok=True)


def _seal(password: str, sealed: Path) -> bool:
    command = ["systemd-creds", "encrypt", f"--name={SEALED}", "-", "-"]
    try:
        done = subprocess.run(command, input=password.encode(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    with replacing(sealed) as fresh:
        fresh.chmod(0o600)
        fresh.write_bytes(done.stdout)
    return True


def limit_memory(places: Places) -> None:
    """Raspberry Pi OS starts without what limits it: no limit of a unit holds then.

    Said, where that can't be mended; the device counts all the same.
    """
    line = places.root / "boot/firmware/cmdline.txt"
    controllers = places.root / "sys/fs/cgroup/cgroup.controllers"
    if not (line.is_file() and controllers.is_file()):
        return
    if "memory" in controllers.read_text(encoding="utf-8").split():
        return
    try:
        if tell_kernel(line, (MEMORY_CONTROLLER,)):
            say("the kernel's memory controller is turned on by the next restart: sudo reboot")
    except OSError as error:
        say(f"the kernel's memory controller stays off: {line}: {error.strerror}")


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as fresh:
            shutil.copyfile(source, fresh)
            fresh.chmod(0o644)
    except OSError as error:
        raise UserError(f"{target}: cannot be written: {error.strerror}") from error


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UserError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise UserError(f"{' '.join(command)} failed: {said or done.returncode}")
