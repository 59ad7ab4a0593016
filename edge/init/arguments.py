"""The command line of `init`; imports nothing heavy, as every verb's does."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from edge.config.read import SYSTEM_FILE, is_instance

HELP = "set an installed device up: camera, broker, place; test them, write the files, start it"
MORE = """On a terminal it asks for what the flags leave open; elsewhere it takes the defaults, but
--place has to be said, since it decides what may be told of few people:

  home     everything is told, even of one person
  shop     groups from 5 people on (privacy.k = 5): a shop, a library, a waiting room
  school   groups from 10 people on, windows of 15 minutes or more, nothing of the moment
           (privacy.profile = "statistics"): a school, a clinic, a place of worship

--config begins with a file, such as one that --force replaces: what it says is neither asked for
nor lost, and its privacy.k stays where it is greater than the place's.

Camera and broker are tried first, and where one fails nothing is written. Then the
configuration is written, the broker's password is stored for the publisher alone (encrypted for
this machine where systemd can), the two services are installed and started, and `doctor` looks
at all of it.

--instance NAME sets up one camera of several on a machine: agender-edge@NAME.target and its two
services, configured by /etc/agender-edge/NAME.toml, as device NAME unless --device says another."""
PLACES: Mapping[str, tuple[str, ...]] = {
    "home": (),
    "shop": ("privacy.k=5",),
    "school": ("privacy.profile=statistics",),
}
"""Place → what it means in keys of the configuration (docs/privacy.md, "Choose k")."""


def instance(text: str) -> str:
    """A name that a unit, a file and a topic can have."""
    if not is_instance(text):
        raise argparse.ArgumentTypeError(
            f"{text!r}: 1 to 40 letters from A to Z, digits, - and _, beginning with a letter or "
            f"digit, and not {SYSTEM_FILE.stem!r}, which is the file of the only camera"
        )
    return text


def add(parser: argparse.ArgumentParser) -> None:
    """Everything but the configuration's own flags, which all verbs share."""
    parser.add_argument(
        "--place",
        choices=tuple(PLACES),
        help="who passes there, which decides what is told of few (default: it is asked for)",
    )
    parser.add_argument(
        "--username", metavar="NAME", help="this device's user at the broker (default: none)"
    )
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="holds that user's password on its first line (default: it is asked for)",
    )
    parser.add_argument(
        "--instance",
        type=instance,
        metavar="NAME",
        help="one camera of several on this machine, with services, configuration "
        f"({SYSTEM_FILE.with_name('NAME.toml')}) and state of its own (default: the only one)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"where the configuration is written (default: {SYSTEM_FILE}, or the instance's)",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a configuration; the old one is kept beside"
    )
    parser.add_argument(
        "--untested", action="store_true", help="write although camera or broker fail, or are away"
    )
    parser.add_argument(
        "--no-services",
        dest="services",
        action="store_false",
        help="only write the configuration; needs no root",
    )
