"""The flags of `tally`, apart from what carries it out: they are made at every start."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "count by hand beside the camera, to hold it against the device's counts"
MORE = """keys:
  w m u      a woman, a man, somebody of whom you are unsure
  1 to 8     with --bands: the age band of the next person
  i o l      in and out over a line; l: the next line
  z          undo the last key of this window
  q          end (so do Ctrl-C, Ctrl-D and a lost terminal)

Each key adds to the sums of the running window; nothing finer is kept. With
privacy.k above 1 only how many people came is kept. The file is yours: it is
sent nowhere. docs/audit.md tells how to go about it."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add where it goes, and whether ages are counted."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the tally lies; one that is there is gone on with "
        "(default: tally-SITE-DEVICE-DATE.json here)",
    )
    parser.add_argument(
        "--bands",
        action="store_true",
        help="count age bands too: press the band's number before the person (default: no bands)",
    )
