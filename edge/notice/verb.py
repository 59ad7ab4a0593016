"""Make all of a notice, then write it: nothing is written before all of it is known to be right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from edge import pdf
from edge.config.operator import Operator
from edge.config.tables import Config
from edge.errors import UserError
from edge.notice.catalogue import Catalogue, catalogue
from edge.notice.facts import Facts, facts_of
from edge.notice.layout import FORMATS, Layout, laid_out
from edge.notice.page import page
from edge.notice.qr import Modules, modules_of
from edge.notice.sentences import LEAD, SIGN, said
from edge.notice.sign import sign
from edge.notice.text_lines import width_of
from edge.output import say
from edge.whole_files import write_together

PAGE_FILE = "notice.html"
WANTED = ("legal_basis", "retention", "notice_url")
"""What a careful operator fills in too."""
ON_SIGN = ("name", "contact", "purpose", "legal_basis", "notice_url")
"""What of the operator's is to be read on a sign."""


def notice(
    config: Config, out: Path, languages: Sequence[str], paper: str, *, as_pdf: bool = False
) -> int:
    """Write a sign for each language and the page of all of them into a folder."""
    if as_pdf:
        pdf.require()
    facts = facts_of(config)
    catalogues = [catalogue(language) for language in dict.fromkeys(languages)]
    url = config.operator.notice_url
    modules = modules_of(url) if url else None
    files = {}
    for words in catalogues:
        layout = layout_of(facts, words, paper)
        files[f"sign-{words.language}-{paper}.svg"] = _sign(layout, words, modules)
        say(f"{words.language}: the lead can be read from 3 m, the rest of the sign from "
            f"{layout.read_at_m:.1f} m")  # fmt: skip
    files[PAGE_FILE] = page(facts, catalogues)
    _write(out, files, as_pdf=as_pdf)
    _advise(facts)
    return 0


def layout_of(facts: Facts, words: Catalogue, paper: str) -> Layout:
    """The sign of a language on a sheet; A5 holds one sentence to be read from afar.

    UserError where the texts do not fit.
    """
    sheet, sayer = FORMATS[paper], words.sayer(facts)
    lead = [sayer("lead", key) for key in said(LEAD, facts)]
    body = [sayer("sign", key) for key in said(SIGN, facts)]
    code = bool(facts.operator.notice_url)
    layout = laid_out(sheet, lead if sheet.roomy else lead[:1], body, code=code)
    if layout is None:
        raise UserError(
            "the text does not fit on the sign in letters that can be read from half a metre: take "
            f"a larger --format, or shorten {_longest(facts.operator)}"
        )
    return layout


def _longest(operator: Operator) -> str:
    """The key whose text takes most room on a sign, and how long that is."""
    texts = {key: getattr(operator, key).strip() for key in ON_SIGN}
    key = max(texts, key=lambda name: width_of(texts[name], 1.0))
    return f"operator.{key} ({len(texts[key])} letters)"


def _sign(layout: Layout, words: Catalogue, modules: Modules | None) -> str:
    return sign(layout, modules, words.language, words.word("headings", "title"))


def _write(out: Path, files: dict[str, str], *, as_pdf: bool) -> None:
    """All of the files, and none where one can't be written; others in the folder stay."""
    writers: dict[str, Callable[[Path], object]] = {
        name: partial(Path.write_text, data=text, encoding="utf-8") for name, text in files.items()
    }
    if as_pdf:
        writers |= {
            str(Path(name).with_suffix(".pdf")): partial(
                pdf.write_pdf, pdf.sheet(text) if name.endswith(".svg") else text
            )
            for name, text in files.items()
        }
    write_together(out, writers)
    print("\n".join(str(out / name) for name in writers))


def _advise(facts: Facts) -> None:
    """What is still to be done by a person."""
    empty = [f"operator.{key}" for key in WANTED if not getattr(facts.operator, key)]
    if empty:
        say(f"{', '.join(empty)}: empty, so that the notice is silent of it")
    if facts.published_here:
        say(
            "operator.notice_url names the machine that it is read on: whoever scans the QR code "
            "asks their own telephone for the page"
        )
    if facts.camera == "recording":
        say("source.uri is a recording: make the notice with the configuration of the camera")
    say("these are templates and no legal advice: have them read before you put them up")
