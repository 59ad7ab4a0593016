"""What a fleet takes from elsewhere, served to the machines: a package index, an apt repository."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.system import debian
from tests.system.fleet.lab import Lab
from tests.system.fleet.network import PREFIX

PORT = 8099
AT_DOOR = f"http://127.0.0.1:{PORT}"
"""pip takes packages without TLS from its own machine alone."""
AT_HUB = f"http://{PREFIX}.2:{PORT}"


@contextlib.contextmanager
def served(lab: Lab, folder: Path) -> Iterator[Path]:
    """Serve a folder at the device's end of the cable; the file with every request made."""
    log = folder.with_suffix(".log")
    command = ["nsenter", f"--net={lab.plug.namespace}", sys.executable, "-u", "-m", "http.server",
               "--directory", str(folder), str(PORT)]  # fmt: skip
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
    try:
        process.stdout.readline()  # from now on it listens
        yield log
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def index(lab: Lab, folder: Path) -> str:
    """A package index below simple/, of what the controller gathered; our version in it."""
    (wheels,) = lab.checkout.glob("ansible/artefacts/*/*/wheels-*.tar")
    (ours,) = lab.checkout.glob("ansible/artefacts/*/*/*/agender_edge-*.whl")
    everything = folder / "everything"
    everything.mkdir(parents=True)
    subprocess.run(["tar", "-C", everything, "-xf", wheels, "--strip-components=1"], check=True)
    for wheel in (ours, *everything.glob("*.whl")):
        page = folder / "simple" / wheel.name.split("-")[0].lower().replace("_", "-")
        page.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, page / wheel.name)
    return ours.name.split("-")[1]


CONTROL = """Package: grafana
Version: 99.0.0
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: stands in for Grafana: its folders and its service
"""
UNIT = """[Service]
ExecStart=sleep infinity
[Install]
WantedBy=multi-user.target
"""
FOLDERS = (
    "etc/grafana/provisioning/dashboards",
    "etc/grafana/provisioning/datasources",
    "usr/share/grafana",
)


def repository(folder: Path, scratch: Path) -> None:
    """A signed apt repository, key.asc in it, with a package that stands in for Grafana's own.

    Grafana's is not among Debian's packages; its folders and its service's name are as here.
    """
    debian.need("gpg", "dpkg-deb")
    package = scratch / "grafana"
    for name in (*FOLDERS, "DEBIAN", "usr/lib/systemd/system"):
        (package / name).mkdir(parents=True)
    (package / "DEBIAN/control").write_text(CONTROL)
    (package / "usr/lib/systemd/system/grafana-server.service").write_text(UNIT)
    binaries = folder / "dists/stable/main/binary-all"
    binaries.mkdir(parents=True)
    deb = folder / "grafana.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", package, deb], check=True,
                   capture_output=True)  # fmt: skip
    about = f"Filename: {deb.name}\nSize: {deb.stat().st_size}\nSHA256: {sha256(deb)}\n"
    (binaries / "Packages").write_text(CONTROL + about)
    sign(folder, "main/binary-all/Packages", scratch / "gnupg")


def sign(folder: Path, listed: str, home: Path) -> None:
    """Write dists/stable/InRelease, which names one list of packages, and key.asc."""
    home.mkdir(mode=0o700)
    file = folder / "dists/stable" / listed
    release = (
        "Suite: stable\nComponents: main\nArchitectures: all amd64 arm64\n"
        "Date: Thu, 01 Jan 2026 00:00:00 UTC\n"
        f"SHA256:\n {sha256(file)} {file.stat().st_size} {listed}\n"
    )
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
    quick = ["--quick-generate-key", "tests", "rsa3072", "sign", "never"]
    try:
        subprocess.run([*gpg, *quick], check=True, capture_output=True)
        subprocess.run([*gpg, "--clearsign", "--output", folder / "dists/stable/InRelease"],
                       check=True, input=release, text=True)  # fmt: skip
        subprocess.run([*gpg, "--armor", "--output", folder / "key.asc", "--export"], check=True)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(home)},
                       check=False)  # fmt: skip


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
