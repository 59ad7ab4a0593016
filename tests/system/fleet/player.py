"""Ansible, played as its documentation says, from a checkout of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge.flash import wheels
from tests.system import debian

REPOSITORY = Path(__file__).parents[3]
CHECKOUT = (*wheels.PROJECT, *wheels.PACKAGES, "ansible", "docs")


class Player:
    """The example's inventory, and a checkout of our own that tests may spoil."""

    def __init__(self, folder: Path, hosts: Sequence[str], more: Mapping[str, Any]) -> None:
        """Of the hosts of the inventory, `more` of which is given, `hosts` are there."""
        self.folder, self._hosts = folder, ",".join(hosts)
        self.checkout = folder / "checkout"
        self.inventory = folder / "fleet"
        self.secrets = self.checkout / "ansible/secrets/fleet"
        copy_checkout(self.checkout)
        shutil.copytree(self.checkout / "ansible/inventory/example", self.inventory)
        (self.inventory / "host_vars/door.yml").unlink()
        (self.inventory / "lab.yml").write_text(json.dumps(more))

    def play(self, book: str, *arguments: str, **variables: Any) -> Played:
        """Run a playbook as its documentation says; `variables` are given with -e."""
        done = subprocess.run(
            self._command(book, *arguments, **variables),
            cwd=self.checkout / "ansible", env=self._environment(),
            capture_output=True, text=True, check=False, timeout=1500,
        )  # fmt: skip
        return Played(done)

    def play_until(
        self, moment: Callable[[], object], book: str, *arguments: str, **variables: Any
    ) -> None:
        """Run a playbook until something is so; then its controller is switched off."""
        with subprocess.Popen(
            self._command(book, *arguments, **variables),
            cwd=self.checkout / "ansible", env=self._environment(), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as playing:  # fmt: skip
            while not moment():
                assert playing.poll() is None, "it ended before"
            os.killpg(playing.pid, signal.SIGKILL)

    def _command(self, book: str, *arguments: str, **variables: Any) -> list[str]:
        extra = ["-e", json.dumps(variables)] if variables else []
        command = ["ansible-playbook", "--inventory", str(self.inventory), book, *arguments, *extra]
        if "--limit" not in arguments:
            command += ["--limit", self._hosts]
        return command

    def password(self, user: str) -> str:
        """What was made for a user of the broker."""
        return self.password_of(f"mqtt-{user}")

    def password_of(self, name: str) -> str:
        """What was made for a user of anything."""
        return (self.secrets / name).read_text().strip()

    def _environment(self) -> dict[str, str]:
        ssh = f"-F {self.folder}/ssh_config -o ControlMaster=auto -o ControlPersist=60s"
        return {
            **os.environ,
            "PATH": f"{ansible_folder()}:{os.environ['PATH']}",
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_SSH_ARGS": ssh,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
        }


class Played:
    """How a run of a playbook ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.text = done.stdout + done.stderr

    def recap(self, host: str) -> dict[str, int]:
        """Ansible's own sums for a host: ok, changed, failed, …"""
        (line,) = (
            line for line in self.text.splitlines() if line.startswith(f"{host} ") and "ok=" in line
        )
        pairs = (word.split("=") for word in line.split(":", 1)[1].split())
        return {key: int(value) for key, value in pairs}


def copy_checkout(target: Path) -> None:
    """The working tree's product, so that nobody's edit changes it between two runs."""
    target.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "artefacts", "secrets")
    for entry in CHECKOUT:
        path = REPOSITORY / entry
        if path.is_dir():
            shutil.copytree(path, target / entry, ignore=ignored, dirs_exist_ok=True)
        else:
            (target / entry).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / entry)


def ansible_folder() -> Path:
    """Where ansible-playbook is: an environment of its own, made once."""
    ready = REPOSITORY / ".venv-fleet"
    if (ready / "ready").is_file():
        return ready / "bin"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"]["fleet"]
    key = hashlib.sha256(f"{sys.version_info[:2]} {wanted}".encode()).hexdigest()[:8]
    kept = debian.cache() / f"ansible-{key}"
    with debian.locked(kept):
        if not (kept / "ready").is_file():  # its scripts hold its name, so that it is made in place
            shutil.rmtree(kept, ignore_errors=True)
            venv.create(kept, with_pip=True)
            pip = [kept / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Ansible could not be installed: {done.stderr.strip()[-300:]}")
            (kept / "ready").touch()
    return kept / "bin"
