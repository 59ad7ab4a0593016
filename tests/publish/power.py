"""What a power cut leaves of files, worked out from the system calls that wrote them.

A write is safe once its file has been synced; of the writes after the last sync a disk may have
kept any, in any order, the last one perhaps in part.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink"
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_PATH = re.compile(r"^\d+<([^>]*)>")
_SECTOR = 512


@dataclass(frozen=True, slots=True)
class Op:
    """One recorded step: `kind` is write, sync, truncate, unlink, or told (a line on stdout)."""

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""


def recorded(record: Path, program: str, *arguments: str) -> list[Op]:
    """Run a Python program and take down the steps of its writes; skips where strace is absent."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-qq", "-xx", "-y", "-s", "100000", "-e", f"trace={CALLS}",
               "-o", str(record), sys.executable, "-c", program, *arguments]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    return parse(record)


def parse(record: Path) -> list[Op]:
    """The record of `strace -xx -y -s 100000 -e trace=CALLS` → steps, in order."""
    ops = []
    for line in record.read_text().splitlines():
        match = _CALL.match(line)
        if match is None or int(match[3]) < 0:
            continue
        op = _op(match[1], match[2])
        if op is not None:
            ops.append(op)
    return ops


def _op(call: str, arguments: str) -> Op | None:
    if call == "unlink":
        return Op("unlink", _text(arguments).decode())
    found = _PATH.match(arguments)
    if found is None:
        return None
    path = _unhex(found[1]).decode() if "\\x" in found[1] else found[1]
    if call in ("fdatasync", "fsync"):
        return Op("sync", path)
    if call == "ftruncate":
        return Op("truncate", path, int(arguments.rsplit(", ", 1)[1]))
    if call == "write":
        return Op("told", path, 0, _text(arguments)) if arguments.startswith("1<") else None
    return Op("write", path, int(arguments.rsplit(", ", 1)[1]), _text(arguments))


def _text(arguments: str) -> bytes:
    return _unhex(arguments[arguments.index('"') + 1 : arguments.rindex('"')])


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def told_before(ops: list[Op], cut: int) -> list[int]:
    """The numbers that the process had shown to the world before the cut."""
    return [int(op.data) for op in ops[:cut] if op.kind == "told"]


def after_cut(ops: list[Op], cut: int, random: Random) -> dict[str, bytes]:
    """The files as a disk may hold them when the power goes before step `cut`."""
    synced = {op.path: index for index, op in enumerate(ops[:cut]) if op.kind == "sync"}
    files: dict[str, bytearray] = {}
    for index, op in enumerate(ops[:cut]):
        if op.kind in ("sync", "told"):
            continue
        safe = index < synced.get(op.path, -1)
        if op.kind == "unlink":
            files.pop(op.path, None)
        elif safe or random.random() < 0.5:
            _apply(files.setdefault(op.path, bytearray()), op, torn=None if safe else random)
    return {path: bytes(content) for path, content in files.items()}


def _apply(content: bytearray, op: Op, torn: Random | None) -> None:
    if op.kind == "truncate":
        del content[op.offset :]
        content.extend(bytes(op.offset - len(content)))
        return
    data = op.data
    if torn is not None and torn.random() < 0.2:
        data = data[: torn.randrange(0, len(data) + 1) // _SECTOR * _SECTOR]
    content.extend(bytes(max(op.offset + len(data) - len(content), 0)))
    content[op.offset : op.offset + len(data)] = data
