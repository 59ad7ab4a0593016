"""Completion by Tab and the manual page, both made from the parser."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from itertools import chain, starmap

from edge.cli.examples import EXAMPLES, TOP
from edge.errors import STATUS_HELP, UserError


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell reads to complete verbs, flags and files; UserError without the extra."""
    _need("shtab")
    import shtab

    return str(shtab.complete(parser, shell))


def manual_page(parser: argparse.ArgumentParser) -> str:
    """The manual page in troff, every verb in it; UserError without the extra."""
    _need("argparse_manpage")
    from argparse_manpage.manpage import Manpage

    parser.epilog = None  # its examples and statuses get sections of their own
    page = Manpage(parser)
    page.description, page.manual = parser.description, "User Commands"
    pairs = chain(TOP, *EXAMPLES.values())
    page.add_section("examples", "=", "".join(starmap(_example, dict.fromkeys(pairs))))
    _, _, status = STATUS_HELP.partition("\n")
    page.add_section("exit status", "=", "".join(map(_status, status.splitlines())))
    return str(page)


def _example(wanted: str, command: str) -> str:
    return f".TP\n{_escaped(wanted)}\n.br\n.B agender\\-edge {_escaped(command)}\n"


def _status(line: str) -> str:
    number, _, meaning = line.strip().partition("  ")
    return f".TP\n.B {number}\n{_escaped(meaning)}\n"


def _escaped(text: str) -> str:
    """A text for troff: what it would take for a command, or for a hyphen, is itself."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


def _need(module: str) -> None:
    if find_spec(module) is None:
        raise UserError(f"this needs {module.replace('_', '-')}: pip install 'agender-edge[shell]'")
