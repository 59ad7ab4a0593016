"""A notice read back from the files it was written to."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np

from edge.config.tables import Config
from edge.notice.catalogue import catalogue
from edge.notice.facts import facts_of
from edge.notice.page import page
from edge.notice.qr import modules_of
from edge.notice.sign import sign
from edge.notice.verb import layout_of

SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta"}


class Page(HTMLParser):
    """The elements of a page, its sentences by key, the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.sentences: dict[str, str] = {}
        self.headings: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        if not self._open:
            return
        tag, attributes = self._open[-1]
        key = attributes.get("data-sentence")
        if key:
            self.sentences[key] = self.sentences.get(key, "") + data
        elif tag in ("td", "th"):
            self.rows[-1].append(data)
        elif tag in ("h1", "h2"):
            self.headings.append(data)


def page_of(config: Config, language: str = "en") -> Page:
    """The page of one language."""
    return Page(page(facts_of(config), [catalogue(language)]))


def sign_of(config: Config, language: str = "en", paper: str = "A4") -> ET.Element:
    """The sign, parsed."""
    facts, words = facts_of(config), catalogue(language)
    url = config.operator.notice_url
    layout = layout_of(facts, words, paper)
    return ET.fromstring(sign(layout, modules_of(url) if url else None, language, "title"))


def text_of(root: ET.Element) -> str:
    """All that is to be read on a sign, in its order."""
    lines = ("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    return " ".join(lines)


def picture_of(code: ET.Element, scale: int = 4) -> np.ndarray:
    """The path of a sign's QR code as a picture: grey, dark on light, four light modules round."""
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", code.attrib["d"])
    assert "".join(f"M{x} {y}h{n}v1h-{back}z" for x, y, n, back in runs) == code.attrib["d"]
    side = max(int(y) for _, y, _, _ in runs) + 1
    grid = np.full((side + 8, side + 8), 255, np.uint8)
    for x, y, n, back in runs:
        assert n == back
        grid[int(y) + 4, int(x) + 4 : int(x) + 4 + int(n)] = 0
    return np.kron(grid, np.ones((scale, scale), np.uint8))


def corner(root):
    """Left and top of the code with its quiet zone, where there is one."""
    for code in root.iter(f"{SVG}path"):
        numbers = re.findall(r"[\d.]+", code.attrib["transform"])
        return float(numbers[0]), float(numbers[1])
    return None
