"""`agender-hub report`: a question to a store → text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing

from hub.report.build import Report, build
from hub.report.forms import as_csv, as_json
from hub.report.question import Question
from hub.report.text import as_text
from hub.store import open_store

FORMS: Mapping[str, Callable[[Report], str]] = {"text": as_text, "csv": as_csv, "json": as_json}


def report(address: str, question: Question, form: str) -> str:
    """The report in a form; StoreError where the store can't be read."""
    with closing(open_store(address, reading=True)) as store:
        return FORMS[form](build(store, question))
