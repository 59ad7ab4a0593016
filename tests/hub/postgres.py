"""A PostgreSQL of the tests' own: in a folder of its own, on a free loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.publish.support import free_port, wait_for

USER = "postgres"
"""Debian's user for it: neither initdb nor the server runs as root."""


def binaries() -> Path | None:
    """The folder of the newest installed server; Debian keeps it off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_release)
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _release(initdb: Path) -> int:
    return int(initdb.parts[-3])


class Postgres:
    """A server with an owner that nobody has to give a password; `stop` removes all of it."""

    def __init__(self) -> None:
        folder = binaries()
        if folder is None:
            pytest.skip("PostgreSQL is not installed (apt install postgresql)")
        self._binaries = folder
        self._folder = Path(tempfile.mkdtemp(prefix="agender-postgres-"))
        self.port = free_port()
        self._made = 0
        self._emptied: str | None = None
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER, USER)
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--wal-segsize=1")  # fmt: skip
        self.start()

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._as_user(
                    "postgres", "-D", str(self._folder / "data"), "-p", str(self.port),
                    "-k", str(self._folder), "-h", "127.0.0.1", "-c", "fsync=off",
                    "-c", "max_connections=50", "-c", "shared_buffers=32MB",
                ),
                stdout=log, stderr=log, cwd=self._folder,
            )  # fmt: skip
        wait_for(self._answers, 20, (self._folder / "log").read_text(errors="replace"))

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        return self._process.pid

    def kill(self) -> None:
        """As a power cut: the server gets no chance to say anything; its children follow."""
        os.kill(self._process.pid, signal.SIGQUIT)
        self._process.wait(20)

    def stop(self) -> None:
        if self._process.poll() is None:
            self.kill()  # nobody will need what it would still write
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """The address of a new, empty database, as its owner."""
        self._made += 1
        name = f"hub_{self._made}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)

    def emptied(self) -> str:
        """One database, as new: quicker than a new one. Whoever was connected to it is not."""
        if self._emptied is None:
            self._emptied = self.database()
        with psycopg.connect(self._emptied, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA IF EXISTS agender CASCADE")
        return self._emptied

    def address(self, database: str, user: str = "owner") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "log").read_text(errors="replace")
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            self._as_user(*command), check=False, capture_output=True, cwd=self._folder
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def _as_user(self, name: str, *arguments: str) -> list[str]:
        command = [str(self._binaries / name), *arguments]
        if os.geteuid() != 0:
            return command
        entry = pwd.getpwnam(USER)
        # Should the tests be killed, the server ends with them.
        return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
                "--pdeathsig=INT", *command]  # fmt: skip
