"""The wall clock of a process under test jumps to wherever the file $AGENDER_SOAK_CLOCK says.

Python imports this at its start where the folder is on PYTHONPATH. Setting the machine's own clock
would move everybody's.
"""

import os
import time

FILE = os.environ.get("AGENDER_SOAK_CLOCK", "")
REAL = time.time


def jumped() -> float:
    """Seconds since 1970, and the offset that the file holds."""
    try:
        with open(FILE, encoding="ascii") as offset:  # noqa: PTH123 - pathlib is slow to import
            return REAL() + float(offset.read() or 0)
    except (OSError, ValueError):
        return REAL()


if FILE:
    time.time = jumped
