"""HTML → PDF, by WeasyPrint; for a workstation, and an extra of its own."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from edge.errors import UserError

ABSENT = (
    "--pdf needs {}: pip install 'agender-edge[pdf]', and Debian's libpango-1.0-0, "
    "libpangoft2-1.0-0 and libharfbuzz-subset0"
)


def require() -> None:
    """UserError where the extra or the libraries it loads are missing."""
    try:
        import weasyprint  # noqa: F401, PLC0415 - heavy, and an extra
    except (ImportError, OSError) as error:
        raise UserError(ABSENT.format("WeasyPrint")) from error


def write_pdf(html: str, path: Path) -> None:
    """Write a page that loads nothing from elsewhere; OSError where the file can't be written."""
    import weasyprint  # noqa: PLC0415

    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    weasyprint.HTML(string=html, url_fetcher=nothing).write_pdf(path)


def sheet(svg: str) -> str:
    """A page of just the size of a drawing, whose width and height are in millimetres."""
    root = ET.fromstring(svg)
    size = f"{root.attrib['width']} {root.attrib['height']}"
    style = f"@page {{ size: {size}; margin: 0 }} svg {{ display: block }} body {{ margin: 0 }}"
    return f"<!DOCTYPE html><meta charset='utf-8'><style>{style}</style>{svg}"
