"""The notice's sentences, in English, for documents to quote: what is told to all is said to an
officer in the same words, so that the two cannot differ.
"""

from __future__ import annotations

from edge.dossier.markdown import entries, plain
from edge.notice.catalogue import catalogue
from edge.notice.facts import Facts
from edge.notice.sentences import PAGE, said

NO_ADVICE = "This is a template, filled from the configuration in force; it is no legal advice."
OPEN = "**To be filled in:** "


def told(facts: Facts, *headings: str) -> str:
    """What the page says under some of its headings, as a list."""
    say = catalogue("en").sayer(facts)
    keys = [key for heading in headings for key in said(PAGE[heading], facts)]
    return entries(plain(say("page", key)) for key in keys)


def given(text: str, asked: str) -> str:
    """What the operator wrote, or what they still have to write."""
    return plain(text.strip()) or f"{OPEN}{asked}"
