"""Values of a configuration, which may hold any sign, put into Markdown (CommonMark 0.31)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>#|!~&])")
_BEGINS_SOMETHING = re.compile(r"^(\s*)((?:[-+]|\d+[.)])(?=\s|$)|=+\s*$|-+\s*$)", re.M)


def plain(text: str) -> str:
    """A text that Markdown shows as it is: no emphasis, link, heading, list or HTML comes of it."""
    return _BEGINS_SOMETHING.sub(_behind_a_backslash, _MEANS_SOMETHING.sub(r"\\\1", text))


def _behind_a_backslash(begins: re.Match[str]) -> str:
    space, mark = begins.groups()
    number = re.match(r"\d*", mark)
    digits = number[0] if number else ""
    return f"{space}{digits}\\{mark[len(digits) :]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already, in one line each."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def entries(texts: Iterable[str]) -> str:
    """A list of texts that are Markdown already."""
    return "".join(f"- {text}\n" for text in texts)


def document(title: str, *parts: str) -> str:
    """A title and what stands under it, with an empty line between parts."""
    return "\n\n".join((f"# {title}", *(part.strip("\n") for part in parts if part))) + "\n"
