"""The command line of `dossier`; imports nothing heavy, as every verb's does."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "write the papers that an operator has to be able to show, from the configuration in force"
MORE = """Fill in the table [operator] first (name, contact and purpose at least). Make the dossier
again, into a folder of its own, whenever the configuration changes: the same one makes the same
files, so that diff tells what a change of the configuration changed in them. --pdf needs the
extra: pip install 'agender-edge[pdf]' and, on Debian, apt install libpango-1.0-0
libpangoft2-1.0-0 libharfbuzz-subset0.

The texts are templates after Articles 30 and 35 of the GDPR, Article 13 of the EU's AI Act and
CNIL's method for impact assessments; they are no legal advice."""


def add(parser: argparse.ArgumentParser) -> None:
    """Everything but the configuration's own flags, which all verbs share."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("dossier"),
        metavar="FOLDER",
        help="where the documents are written (default: dossier)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="results of the project's tests, as pytest --junitxml writes them; told beside the "
        "claims that they hold (default: none, and the dossier says so)",
    )
    parser.add_argument(
        "--sbom",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="bills of materials to put beside it, as `make sbom` writes them (default: none; "
        "what is installed here is listed in any case)",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace documents that differ, what was filled in by hand included",
    )
    parser.add_argument("--pdf", action="store_true", help="each document as PDF too")
