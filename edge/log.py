"""Log lines on stderr: journald's level prefix under systemd, time and level elsewhere."""

from __future__ import annotations

import logging
import os
import sys

from edge.progress import CLEAR

_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}


class _Journal(logging.Formatter):
    """`<6>vision: text`: systemd reads the number as the level and strips it (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).replace("\n", "\n ")
        return f"<{_PRIORITY.get(record.levelno, 3)}>{text}"


def set_up(level: str) -> None:
    """Send log records of `level` and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    # A line of the log takes the place of a progress bar, which is drawn again below it.
    over = f"\r{CLEAR}" if sys.stderr.isatty() else ""
    if os.environ.get("JOURNAL_STREAM"):
        handler.setFormatter(_Journal("%(name)s: %(message)s"))
    else:
        form = over + "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        handler.setFormatter(logging.Formatter(form, "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
