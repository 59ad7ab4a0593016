"""Secrets: from a file or a prompt, never from the command line."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from edge.config.home import first_line
from edge.errors import UserError


def read(file: Path | None, flag: str, what: str) -> str:
    """The first line of `file`; without one it is asked for, where somebody can answer."""
    if file is None:
        if not sys.stdin.isatty():
            raise UserError(f"{what} is missing: name a file with {flag}")
        secret = _typed(what)
    else:
        secret = _first_line(file, flag)
    if not secret:
        raise UserError(f"{what} is empty")
    return secret


def _typed(what: str) -> str:
    """What is typed without being shown; Ctrl-D ends with a sentence."""
    try:
        return getpass.getpass(f"{what}: ")
    except EOFError as error:
        raise UserError(f"{what} is missing: the question was not answered") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{what} is not UTF-8 text") from error


def _first_line(file: Path, flag: str) -> str:
    try:
        return first_line(file)
    except OSError as error:
        raise UserError(f"{flag} {file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{flag} {file}: is not UTF-8 text") from error
