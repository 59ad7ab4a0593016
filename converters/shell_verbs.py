"""`agender-convert completion` and `man`, made from the parser as `agender-edge` makes its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from edge.cli.shell import completion, manual_page

Verbs = argparse._SubParsersAction
STATUS = """exit status:
  0  done
  1  an input was refused, or the system refused a file
  2  the command line is wrong
  4  a model is wrong or missing
"""


def add_parsers(verbs: Verbs, parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Register both; `parser` makes the whole command line."""
    tab = verbs.add_parser("completion", help="print what makes a shell complete by Tab")
    tab.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell it is for")
    tab.set_defaults(run=lambda parsed: _print(completion(parser(), parsed.shell)))
    man = verbs.add_parser("man", help="print the manual page")
    man.set_defaults(run=lambda _: _print(manual_page(parser(), (), STATUS)))


def _print(text: str) -> int:
    print(text)
    return 0
