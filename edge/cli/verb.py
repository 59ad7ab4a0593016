"""What all verbs share: how they are registered, and the configuration they run with."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from edge.cli.examples import EXAMPLES
from edge.cli.flags import overrides
from edge.cli.help import Help, examples

if TYPE_CHECKING:
    from edge.config.tables import Config

PROGRAM = "agender-edge"
Run = Callable[[argparse.Namespace], int]
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def configured(parsed: argparse.Namespace) -> Config:
    """The configuration that the flags name and override."""
    from edge.config.read import load

    return load(parsed.config, overrides(parsed))


def verb(
    verbs: Verbs, name: str, run: Run, help_text: str, more: str = ""
) -> argparse.ArgumentParser:
    """Register a verb; its examples end its help, and `more` after them."""
    parser = verbs.add_parser(
        name,
        help=help_text,
        description=help_text,
        epilog="\n\n".join(filter(None, (examples(PROGRAM, EXAMPLES[name]), more))),
        formatter_class=Help,
    )
    parser.set_defaults(run=run)
    return parser
