"""Elements of a page; every text in them is escaped when they are written out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

Element = ET.Element


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A new last child; of attributes `class_` is class, and `aria_label` aria-label."""
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    child = ET.SubElement(parent, tag, names)
    child.text = text or None
    return child


def table(
    parent: Element, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]
) -> Element:
    """Rows whose first cell names them; wide ones are moved by keyboard, too."""
    around = add(parent, "div", class_="wide", tabindex="0", role="region", aria_label=caption)
    found = add(around, "table")
    add(found, "caption", caption)
    titles = add(add(found, "thead"), "tr")
    for text in head:
        add(titles, "th" if text else "td", text, **({"scope": "col"} if text else {}))
    body = add(found, "tbody")
    for first, *others in rows:
        row = add(body, "tr")
        add(row, "th", first, scope="row")
        for text in others:
            add(row, "td", text)
    return found


def behind(parent: Element, summary: str, name: str) -> Element:
    """What is shown when it is asked for."""
    found = add(parent, "details", id=name)
    add(found, "summary", summary)
    return found
