"""A layout → an SVG; every text is escaped by the library that writes it."""

from __future__ import annotations

import io
from typing import Literal
from xml.etree import ElementTree as ET

from edge.notice.layout import Layout, Line
from edge.notice.qr import QUIET, Modules, path_of
from edge.notice.text_lines import FONTS

DARK, LIGHT = "#111111", "#ffffff"
"""More than the contrast of 7 : 1 that WCAG 2.2 asks for at its highest level (1.4.6)."""


def sign(layout: Layout, modules: Modules | None, language: str, title: str) -> str:
    """The sign as a file's text; sizes in millimetres."""
    width, height = layout.sheet.width_mm, layout.sheet.height_mm
    root = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "xml:lang": language,
        "width": f"{width}mm", "height": f"{height}mm", "viewBox": f"0 0 {width} {height}",
        "font-family": FONTS,
    })  # fmt: skip
    ET.SubElement(root, "title").text = title
    _area(root, width, height, LIGHT)
    _area(root, width, layout.band, DARK)
    for line in layout.lead:
        _write(root, line, LIGHT)
    for line in layout.body:
        _write(root, line, DARK)
    if modules is not None:
        _code(root, layout, modules)
    return as_text(root, "xml")


def as_text(root: ET.Element, method: Literal["xml", "html"]) -> str:
    """A tree as XML or HTML."""
    out = io.StringIO()
    ET.ElementTree(root).write(out, encoding="unicode", method=method)
    return out.getvalue() + "\n"


def _area(root: ET.Element, width: float, height: float, colour: str) -> None:
    ET.SubElement(root, "rect", {"width": f"{width:g}", "height": f"{height:.2f}", "fill": colour})


def _write(root: ET.Element, line: Line, colour: str) -> None:
    """A line; its label in bold."""
    text = ET.SubElement(root, "text", {
        "x": f"{line.x:.2f}", "y": f"{line.y:.2f}", "font-size": f"{line.size:.3f}",
        "fill": colour,
    })  # fmt: skip
    label, rest = line.text[: line.bold], line.text[line.bold :]
    if not label:
        text.text = rest
        return
    bold = ET.SubElement(text, "tspan", {"font-weight": "bold"})
    bold.text, bold.tail = label, rest


def _code(root: ET.Element, layout: Layout, modules: Modules) -> None:
    """The QR code, with its quiet zone, in the lower right corner."""
    sheet, modules_wide = layout.sheet, len(modules) + 2 * QUIET
    x = sheet.width_mm - sheet.margin_mm - layout.code
    y = sheet.height_mm - sheet.margin_mm - layout.code
    scale = layout.code / modules_wide
    place = f"translate({x:.3f} {y:.3f}) scale({scale:.5f}) translate({QUIET} {QUIET})"
    ET.SubElement(root, "path", {"id": "code", "transform": place, "d": path_of(modules),
                                 "fill": DARK, "shape-rendering": "crispEdges"})  # fmt: skip
