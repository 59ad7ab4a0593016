"""What can go wrong that a user can mend: each ends the program with one sentence and a status."""

from __future__ import annotations

from typing import ClassVar


class UserError(Exception):
    """Its text is one sentence that names what is wrong and what would be right."""

    status: ClassVar[int] = 1


class ConfigError(UserError):
    """A configuration that cannot be used."""

    status = 2


class SourceError(UserError):
    """A camera, stream, file or folder that gives no frames, or stopped giving them."""

    status = 3


class SourceLostError(SourceError):
    """A camera that worked and stopped giving frames; starting the process again may mend it."""

    status = 5


class ModelError(UserError):
    """A model file or card that cannot be used."""

    status = 4


class StorageError(UserError):
    """Windows that the disk refused until the end."""

    status = 6


class UndeliveredError(UserError):
    """Windows that the broker did not take before the program's end; they are kept."""

    status = 7


def why(error: Exception) -> str:
    """What an error says; of the system's refusals without number and path, which stand beside."""
    return getattr(error, "strerror", None) or str(error)


NOBODY_READS = 141
"""Status of a program whose reader has left, as the shell gives it for SIGPIPE (128 + 13)."""

STATUS_HELP = """exit status:
  0  done, or ended by a signal after the last window was counted
  1  an error of the program itself
  2  wrong command line or configuration
  3  the source is missing, unreadable or ended early (what was counted is published)
  4  a model is missing, damaged or of the wrong kind
  5  a camera or stream that worked gives no more frames (starting again may help)
  6  windows were counted that the disk refused to the end; they are lost
  7  all was counted, but the broker did not take all windows: they wait (--until-end only)
  141  the reader of standard output has left"""
