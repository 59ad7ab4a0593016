"""The last audit's verdict, kept beside the history for the publisher: a few words in a file.

Left by `agender-edge audit`, told in `info` while `audit.publish` is on. It holds no number of
people: what was tallied stays with who tallied it.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from edge.errors import UserError
from edge.messages.messages import Audited
from edge.whole_files import replacing

FILE_NAME = "audit.json"
BYTES_MAX = 1_024


def leave(folder: Path, audited: Audited) -> Path:
    """Write it into the folder of the state, in place of an earlier one; UserError where it can't.

    Whoever reads the history may read it: the services' users, and who made the audit.
    """
    path = folder / FILE_NAME
    try:
        with replacing(path) as fresh:
            fresh.write_bytes(msgspec.json.encode(audited) + b"\n")
            fresh.chmod(0o644)
    except OSError as error:
        raise UserError(
            f"{path}: the verdict cannot be left for `info` ({os.strerror(error.errno or 0)}): "
            "run as root, or set audit.publish = false"
        ) from None
    return path


def left(folder: Path) -> Audited | None:
    """What lies there; None without a file.

    MsgspecError or ValueError where it is no verdict, OSError where it can't be read.
    """
    try:
        with (folder / FILE_NAME).open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    if len(content) > BYTES_MAX:
        raise ValueError(f"longer than {BYTES_MAX} bytes")
    return msgspec.json.decode(content, type=Audited)
