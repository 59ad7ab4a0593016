"""Wheels for a device: ours, and those that the lock names."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from edge.errors import UserError
from edge.flash.release import Release

SOURCE = Path(__file__).resolve().parents[2]
"""The checkout, where this runs from one."""
SHARE = Path(sys.prefix) / "share" / "agender-edge"
PROJECT = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "docs/privacy.md")
PACKAGES = ("edge", "converters", "hub", "models_tflite", "systemd")
LOCKS = Path("ansible/roles/agender_edge/files")
NEEDED = ("edge/cli/", "share/agender-edge/try-release", "share/agender-edge/systemd/")


def lock_of(release: Release) -> Path:
    """The requirements with hashes, from the checkout or from where our wheel installed them."""
    name = f"lock-{release.name}.txt"
    for folder in (SOURCE / LOCKS, SHARE):
        if (folder / name).is_file():
            return folder / name
    raise UserError(f"{SHARE / name} is missing: install agender-edge again")


def complete_lock(release: Release, wheel: Path, lock: Path | None = None) -> str:
    """The lock of a release, or another, with our wheel in it, by its hash as well."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    ours = f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n"
    return (lock or lock_of(release)).read_text(encoding="utf-8") + ours


def packed_files(source: Path) -> Iterator[Path]:
    """The files of a checkout that go into our wheel, in a fixed order."""
    for name in (*PROJECT, *PACKAGES, str(LOCKS)):
        path = source / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def build(folder: Path, source: Path = SOURCE) -> Path:
    """Our wheel, built from a checkout into `folder`.

    Built from a copy: setuptools would otherwise leave its own folders in the checkout, and pack
    what an older build left there.
    """
    if not (source / "pyproject.toml").is_file():
        raise UserError(
            f"{source} is no checkout to build a wheel from: name one with --wheel FILE"
        )
    with tempfile.TemporaryDirectory() as scratch:
        for file in packed_files(source):
            copy = Path(scratch, file.relative_to(source))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        pip("wheel", "--no-deps", f"--wheel-dir={folder}", scratch)
    return next(folder.glob("agender_edge-*.whl"))


def checked(wheel: Path) -> Path:
    """`wheel`, if it is one of ours that holds what the first boot needs."""
    try:
        names = ZipFile(wheel).namelist()
    except (OSError, BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no wheel"
        raise UserError(f"--wheel {wheel}: cannot be read: {reason}") from error
    if not all(any(part in name for name in names) for part in NEEDED):
        raise UserError(f"--wheel {wheel}: is no wheel of agender-edge that carries its services")
    return wheel


def cards_in(wheel: Path, folder: Path) -> Path:
    """Where the model cards that a wheel brings now lie, unpacked into `folder`."""
    with ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if Path(name).match("models_tflite/*.json")]
        for name in names:
            (folder / Path(name).name).write_bytes(archive.read(name))
    return folder


def own_models(folder: Path) -> list[Path]:
    """The networks of a folder, each followed by its card."""
    cards = sorted(folder.glob("*.json"))
    if not cards:
        raise UserError(f"--models {folder}: is no folder with models and their cards")
    networks = [card.with_suffix(".tflite") for card in cards]
    if missing := [network for network in networks if not network.is_file()]:
        raise UserError(f"--models {folder}: {missing[0].name} is missing beside its card")
    return [file for pair in zip(networks, cards, strict=True) for file in pair]


def download(
    lock: Path, folder: Path, fits: Sequence[str], index: str = "", *, only: str = ""
) -> None:
    """Fetch the wheels of `lock` into `folder`, chosen by `fitting`'s flags; `only`: just one.

    Without an `index` from the one that pip is configured for.
    """
    text = lock.read_text(encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wanted:
        wanted.write(_entry(text, only) if only else text)
        wanted.flush()
        pip(
            "download", "--no-deps", "--require-hashes", "--only-binary=:all:", *fits,
            *([f"--index-url={index}"] if index else []),
            f"--dest={folder}", f"--requirement={wanted.name}",
        )  # fmt: skip


def _entry(lock: str, name: str) -> str:
    """One requirement of a lock with its hashes."""
    lines = lock.splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next((n for n in range(start, len(lines)) if not lines[n].endswith("\\\n")), start)
    return "".join(lines[start : end + 1])


def pip(*arguments: str) -> None:
    """Run pip; its first error where it fails, for what follows it is advice or a list."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input",
               *arguments]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        reason = next((line for line in lines if line.startswith("ERROR: ")), lines[-1])
        raise UserError(f"pip {arguments[0]} failed: {reason.removeprefix('ERROR: ')}")
