"""The command line of `agender-edge`: its verbs, by what they are for."""

from __future__ import annotations

import argparse
from itertools import chain

from edge import __version__
from edge.cli import looking, making, running, setting_up
from edge.cli.examples import EXAMPLES, TOP
from edge.cli.help import Help, examples
from edge.cli.verb import PROGRAM, Run, Verbs, verb
from edge.errors import STATUS_HELP

__all__ = ["Run", "parser"]


def parser() -> argparse.ArgumentParser:
    """The command line of `agender-edge`; each verb registers its own part."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Counts people by age and gender in front of a camera, anonymously, over MQTT.",
        epilog=f"{examples(PROGRAM, TOP)}\n\n{STATUS_HELP}",
        formatter_class=Help,
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", prog=PROGRAM, required=True)
    for add in (
        *running.VERBS,
        *looking.VERBS,
        *setting_up.VERBS,
        *making.VERBS,
        _add_completion,
        _add_man,
    ):
        add(verbs)
    return top


def _add_completion(verbs: Verbs) -> None:
    parser = verb(verbs, "completion", _completion, "print what makes a shell complete by Tab")
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell it is for")


def _completion(parsed: argparse.Namespace) -> int:
    from edge.cli.shell import completion

    print(completion(parser(), parsed.shell))
    return 0


def _add_man(verbs: Verbs) -> None:
    verb(verbs, "man", _man, "print the manual page")


def _man(_: argparse.Namespace) -> int:
    from edge.cli.shell import manual_page

    print(manual_page(parser(), chain(TOP, *EXAMPLES.values())))
    return 0
