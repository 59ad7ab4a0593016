"""Markdown → a page to be printed; CommonMark with tables, and no HTML but line breaks."""

from __future__ import annotations

from edge.errors import UserError

STYLE = """
@page { size: A4; margin: 18mm 16mm; @bottom-right { content: counter(page) "/" counter(pages); } }
body { font: 9.5pt/1.4 'Liberation Sans', 'DejaVu Sans', sans-serif; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: .2mm solid #767676; padding: 1mm 2mm 1mm 0; text-align: left;
         vertical-align: top; }
code { font-size: 8.5pt; } h1 { font-size: 17pt; } h2 { font-size: 12.5pt; }
"""


BREAK = "\ue000"
"""Stands for our own line breaks: what a person writes has its < behind a backslash."""


def html(markdown: str) -> str:
    """The page; UserError where the extra is missing."""
    try:
        from markdown_it import MarkdownIt  # noqa: PLC0415 - an extra of its own
    except ImportError as error:
        raise UserError("--pdf needs markdown-it-py: pip install 'agender-edge[pdf]'") from error
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    body = reader.render(markdown.replace("<br>", BREAK)).replace(BREAK, "<br>")
    return f"<!DOCTYPE html><meta charset='utf-8'><style>{STYLE}</style>{body}"
