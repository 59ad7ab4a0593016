"""What is particular to a release of Debian and to a kind of processor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """A Debian release: its Python and C library, which decide what wheels fit."""

    name: str
    python: str
    glibc_minor: int


RELEASES = {
    "bookworm": Release("bookworm", "3.11", 36),
    "trixie": Release("trixie", "3.13", 41),
}
ARCHITECTURES = {"aarch64": "arm64", "x86_64": "amd64"}
"""A machine as Python names it → as Debian does."""


def fitting(release: Release, machine: str) -> list[str]:
    """pip's flags for wheels that fit a device of this release instead of this machine."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(release.glibc_minor, 4, -1)]
    digits = release.python.replace(".", "")
    return [
        f"--python-version={release.python}",
        "--implementation=cp",
        *(f"--abi={abi}" for abi in (f"cp{digits}", "abi3", "none")),
        *(f"--platform={tag}" for tag in (*tags, f"manylinux2014_{machine}", f"linux_{machine}")),
    ]
