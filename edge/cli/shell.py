"""Completion by Tab and the manual page, both made from a parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from importlib.util import find_spec

from edge.errors import STATUS_HELP, UserError


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell reads to complete verbs, flags and files; UserError without the extra."""
    _need("shtab")
    import shtab

    return str(shtab.complete(parser, shell))


def manual_page(
    parser: argparse.ArgumentParser, examples: Iterable[tuple[str, str]], status: str = STATUS_HELP
) -> str:
    """The manual page in troff, every verb in it; UserError without the extra.

    `examples`: what is wanted, and the command for it; `status`: the exit statuses, a line each
    below a first one.
    """
    _need("argparse_manpage")
    from argparse_manpage.manpage import Manpage

    parser.epilog = None  # its examples and statuses get sections of their own
    page = Manpage(parser)
    page.description, page.manual = parser.description, "User Commands"
    lines = (_example(wanted, f"{parser.prog} {command}") for wanted, command in examples)
    if told := "".join(dict.fromkeys(lines)):
        page.add_section("examples", "=", told)
    _, _, lines_of_status = status.partition("\n")
    page.add_section("exit status", "=", "".join(map(_status, lines_of_status.splitlines())))
    return str(page)


def _example(wanted: str, command: str) -> str:
    return f".TP\n{_escaped(wanted)}\n.br\n.B {_escaped(command)}\n"


def _status(line: str) -> str:
    number, _, meaning = line.strip().partition("  ")
    return f".TP\n.B {number}\n{_escaped(meaning)}\n"


def _escaped(text: str) -> str:
    """A text for troff: what it would take for a command, or for a hyphen, is itself."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


def _need(module: str) -> None:
    if find_spec(module) is None:
        raise UserError(f"this needs {module.replace('_', '-')}: pip install 'agender-edge[shell]'")
