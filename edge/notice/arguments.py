"""The command line of `notice`; imports nothing heavy, as every verb's does."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "write the sign and the page that tell people of the camera, from the configuration in force"
MORE = """Fill in the table [operator] first (name, contact and purpose at least), publish
notice.html at operator.notice_url, and put the sign up where people see it before the camera sees
them. Every sentence follows from the configuration: make them again whenever it changes. The QR
code needs an extra, pip install 'agender-edge[notice]', and so does --pdf: pip install
'agender-edge[pdf]' and, on Debian, apt install libpango-1.0-0 libpangoft2-1.0-0
libharfbuzz-subset0.

The texts are templates after Article 50(3) of the EU's AI Act, Articles 13 and 14 of the GDPR, and
CNIL's position of 2022; they are no legal advice."""
LANGUAGES = ("en", "de", "fr", "es")
FORMATS = ("A5", "A4", "A3")


def add(parser: argparse.ArgumentParser) -> None:
    """Everything but the configuration's own flags, which all verbs share."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("notice"),
        metavar="FOLDER",
        help="where sign-LANGUAGE-FORMAT.svg and notice.html are written (default: notice)",
    )
    parser.add_argument(
        "--language",
        nargs="+",
        choices=LANGUAGES,
        default=["en"],
        metavar="LANGUAGE",
        help="en, de, fr, es: a sign each, and all of them on the page (default: en)",
    )
    parser.add_argument("--format", choices=FORMATS, default="A4", help="of the sign (default: A4)")
    parser.add_argument("--pdf", action="store_true", help="the sign and the page as PDF too")
