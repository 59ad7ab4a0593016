"""Stands in for vision: numbers and stores windows as fast as asked, until enough are stored.

Run as `python -m tests.publish.vision_stand_in FOLDER BOOT UNTIL MAX_WINDOWS`. Its wall clock
jumps back and forth by hours, as a clock without a battery does.
"""

from __future__ import annotations

import sys
import time
from random import Random

from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.support import counts


def main(folder: str, boot: str, until: int, max_windows: int) -> None:
    """Append until the number `until` is given; what the disk refuses waits in memory."""
    random = Random(boot)
    with Outbox(f"{folder}/{FILE_NAME}", max_windows=max_windows) as outbox:
        last = 0
        while last < until:
            minute = random.randrange(-10_000, 10_000)
            last = outbox.append(counts(minute, boot=boot))
            time.sleep(random.uniform(0, 0.016) if last else 0.02)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
