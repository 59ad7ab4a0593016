"""A Debian machine that boots: systemd as process 1, in namespaces, gone without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from edge.closing import Closing
from tests.system import cgroup, debian

BOOT_S = 60.0


class Machine(Closing):
    """Boots `root` with a writable layer in memory; nothing of it stays, unless `keep`.

    `binds` maps a folder of ours to where the machine sees it, read-only. It has a network of its
    own with nothing in it but the loopback, or the one of `network` (a file in /proc/…/ns).
    """

    READY: tuple[str, ...] = ("running",)

    def __init__(
        self,
        root: Path,
        binds: Mapping[Path, str],
        log: Path,
        *,
        network: Path | None = None,
        keep: bool = False,
    ) -> None:
        debian.need("systemd-nspawn", "nsenter", "unshare")
        command = [
            "systemd-nspawn", "--quiet", f"--directory={root}", "--boot",
            "--register=no", "--keep-unit", "--console=pipe",
            # Else our /etc/localtime is mounted there, and tzdata can't be installed.
            "--timezone=off",
            "--volatile=no" if keep else "--volatile=overlay",
            f"--network-namespace-path={network}" if network else "--private-network",
            # As --private-network gives it; without, systemd starts PrivateNetwork=yes *without*.
            "--capability=CAP_NET_ADMIN",
            *(f"--bind-ro={ours}:{theirs}" for ours, theirs in binds.items()),
        ]  # fmt: skip
        self._log = log
        self._group = cgroup.made()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                cgroup.inside(self._group, command),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True,
            )  # fmt: skip
        try:
            self._leader = self._booted()
        except BaseException:
            self.close()
            raise
        self.root = Path(f"/proc/{self._leader}/root")

    def run(self, *command: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine, as root."""
        return subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "--", *command],
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip

    def ok(self, *command: str, timeout_s: float = 60) -> str:
        """Run a command that must succeed; what it printed."""
        done = self.run(*command, timeout_s=timeout_s)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in the machine whose output is read line by line."""
        return subprocess.Popen(
            ["nsenter", f"--target={self._leader}", "--all", "--", *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in the machine, its folder made where missing."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit, as systemd gives them."""
        text = self.ok("systemctl", "show", unit, *(f"--property={name}" for name in properties))
        return dict(line.split("=", 1) for line in text.splitlines())

    def journal(self, unit: str) -> str:
        """What a unit said."""
        return self.ok("journalctl", "--no-pager", "--output=short-monotonic", f"--unit={unit}")

    def rebooted(self) -> bool:
        """Whether the systemd that we found is gone, by its own will."""
        return not Path(f"/proc/{self._leader}").exists()

    def close(self) -> None:
        """Switch it off."""
        # systemd-nspawn passes this on as an orderly power-off.
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        cgroup.remove(self._group)

    def _booted(self) -> int:
        """The process number of the machine's systemd, once it has started everything."""
        end_s = time.monotonic() + BOOT_S
        while time.monotonic() < end_s:
            if self._process.poll() is not None:
                said = self._log.read_text(errors="replace").strip()[-300:]
                pytest.skip(f"systemd-nspawn is not permitted here: {said}")
            with contextlib.suppress(OSError, IndexError):
                children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
                leader = int(Path(children).read_text().split()[0])
                self._leader = leader
                if self.run("systemctl", "is-system-running").stdout.strip() in self.READY:
                    return leader
            time.sleep(0.2)
        raise AssertionError(f"no boot in {BOOT_S:.0f} s: {self._log.read_text()[-2000:]}")


@contextlib.contextmanager
def reading(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Ends a started command with the block."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
