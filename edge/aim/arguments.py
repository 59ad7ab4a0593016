"""The flags of `aim`, apart from what carries it out: they are made at every start."""

from __future__ import annotations

import argparse

from edge.messages.aim import SECONDS_MAX

DEFAULT_S = 300
HELP = "show where faces are, without a picture, and place zones and lines"
MORE = """keys:
  z l          a new zone, a new line
  Tab          the next zone or line;  Space: its next corner
  arrows       move the corner, with Shift in larger steps
  + -          a corner more, a corner less
  u            what the zone is for: count, include, exclude
  r            turn the line round: which side is in
  e x          name it, delete it
  m            show how many visits passed where (privacy.k or more)
  w            write the places beside the configuration; vision takes them at once
  q            end (so do Ctrl-C and a lost terminal)

Faces are drawn as boxes: good, small, aside (turned too far), cut (by an edge of
the frame). They come from the running vision through memory, are kept nowhere,
and end with the time. While privacy.k is above 1 only root on the device may
aim. docs/aim.md tells how to mount a camera by it.

With --page the same is done with the mouse: it prints the address, with a code in
it that holds until it ends."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add for how long, and in which form."""
    parser.add_argument(
        "--for",
        dest="seconds",
        type=int,
        default=DEFAULT_S,
        metavar="SECONDS",
        help=f"end by itself after so long, 1 to {SECONDS_MAX} (default: {DEFAULT_S})",
    )
    parser.add_argument(
        "--page",
        action="store_true",
        help="show it to a browser on this device, with the mouse, by the device's own page",
    )
    parser.add_argument(
        "--json", action="store_true", help="a JSON object a look, even on a terminal"
    )
