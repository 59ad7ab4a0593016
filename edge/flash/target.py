"""Where a kit is written: a folder of its own, or the boot partition of a card."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from edge.errors import UserError
from edge.flash.erase import wipe, wipe_folder
from edge.flash.kit import FOLDER, SECRETS, Content, size_of
from edge.kernel_line import MEMORY_CONTROLLER, tell_kernel

BOOT_FILES = ("config.txt", "cmdline.txt")
SEEDS = ("user-data", "network-config", "meta-data")
OURS = {*SEEDS, "ssh", FOLDER}
FAT32_FILE_MAX = 2**32 - 1
SPARE_BYTES = 1_000_000
"""Room for what a file takes beyond its length, and for the device's status."""


def is_boot_partition(out: Path) -> bool:
    """Whether the Raspberry Pi's firmware would start from there."""
    return all((out / name).is_file() for name in BOOT_FILES)


def check(out: Path, several: bool) -> None:
    """Refuse a place that holds something else or may not be written; nothing is written yet."""
    try:
        _check(out, several)
    except OSError as error:
        raise UserError(f"{out}: cannot be looked at: {error.strerror}") from error


def _check(out: Path, several: bool) -> None:
    if not out.exists():
        if not out.parent.is_dir():
            raise UserError(f"{out}: there is no folder {out.parent} to write it in")
        _check_writable(out.parent)
    elif not out.is_dir():
        raise UserError(f"{out}: is a file; name a folder or a mounted boot partition")
    elif is_boot_partition(out):
        _check_boot_partition(out, several)
    elif foreign := _foreign(out, several):
        raise UserError(
            f"{out}: holds other files ({foreign}) and is no boot partition (no "
            f"{' and '.join(BOOT_FILES)}); name a new folder"
        )
    else:
        _check_writable(out)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(
            f"{folder}: may not be written by this user; name a folder that may, or use sudo"
        )


def _check_boot_partition(out: Path, several: bool) -> None:
    if several:
        raise UserError(f"{out}: is the boot partition of one card; name a folder for several")
    if not (out / "user-data").exists():
        raise UserError(
            f"{out}: this image has no user-data, so it reads none (Bookworm's do not); write "
            "Raspberry Pi OS Lite (64-bit, Trixie), or use the Ansible role"
        )
    if not os.access(out, os.W_OK):
        raise UserError(f"{out}: may not be written; mount it for your user, or use sudo")


def _foreign(out: Path, several: bool) -> str:
    """A name in `out` that no kit put there; empty where there is none."""
    for entry in sorted(out.iterdir()):
        if several and entry.is_dir() and (entry / FOLDER / "first-boot").is_file():
            continue
        if several or entry.name not in OURS or not (out / FOLDER / "first-boot").is_file():
            return entry.name
    return ""


def check_room(out: Path, kits: Iterable[Mapping[str, Content]], *, offline: bool) -> None:
    """Refuse where it would not fit: the disk's room, and FAT32's longest file.

    `offline`: whether the kits bring all wheels, without which they would be smaller.
    """
    needed = 0
    for files in kits:
        needed += size_of(files) + SPARE_BYTES
        for name, held in files.items():
            if isinstance(held, Path) and held.stat().st_size > FAT32_FILE_MAX:
                raise UserError(f"{name}: is larger than 4 GB, which a boot partition cannot hold")
    nearest = out if out.exists() else out.parent
    free = shutil.disk_usage(nearest).free
    if needed > free:
        raise UserError(
            f"{out}: needs {needed / 1e6:.0f} MB, but {free / 1e6:.0f} MB are free; "
            f"{'leave out --offline, or ' if offline else ''}take a larger card or another folder"
        )


def make_folder(out: Path) -> None:
    """Make a folder for its owner alone, where there is none."""
    try:
        out.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out}: cannot be made: {error.strerror}") from error


def write(
    out: Path, files: Mapping[str, Content], kernel_words: Sequence[str] = (MEMORY_CONTROLLER,)
) -> None:
    """Put a kit in place; cut off half-way, the card starts as it would have without it.

    What cloud-init read before is kept beside it as *.orig, until the device has started.
    """
    make_folder(out)
    inner, making = out / FOLDER, out / f"{FOLDER}.new"
    wipe_folder(making, SECRETS)
    try:
        for name, held in files.items():
            if name.startswith(f"{FOLDER}/"):
                _write(making / name.removeprefix(f"{FOLDER}/"), held)
        again = inner.is_dir()
        wipe_folder(inner, SECRETS)
        making.rename(inner)
        for name, held in files.items():
            if not name.startswith(f"{FOLDER}/"):
                _replace(out / name, held, keep=name in SEEDS and not again)
        if is_boot_partition(out):
            tell_kernel(out / "cmdline.txt", kernel_words)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror}") from error
    finally:
        wipe_folder(making, SECRETS)


def _replace(path: Path, held: Content, keep: bool) -> None:
    new = path.with_name(f"{path.name}.new")
    old = path.with_name(f"{path.name}.{'orig' if keep else 'old'}")
    _write(new, held)
    if path.exists():
        path.replace(old)
    new.replace(path)
    if not keep and path.name in SECRETS:
        wipe(old)
    elif not keep:
        old.unlink(missing_ok=True)


def _write(path: Path, held: Content) -> None:
    """Write through to the card, which is pulled out soon after; for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "wb", opener=_private) as file:
        if isinstance(held, bytes):
            file.write(held)
        else:
            with held.open("rb") as original:
                shutil.copyfileobj(original, file)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    """A new file's mode, where the file system knows any; FAT does not."""
    return os.open(path, flags, 0o600)
