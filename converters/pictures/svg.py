"""Screens of text → one animated SVG, by CSS alone, that any browser plays from an <img>."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from xml.sax.saxutils import escape

from converters.pictures.screens import COLUMNS, ROWS, Screen

CHARACTER_PX, LINE_PX, FONT_PX, MARGIN_PX = 8, 17, 13, 12
SPEED = 2.0
"""Played faster than it was."""
LEAST_S = 0.1

STYLE = f"""
text {{ fill: #d8dee9;
  font: {FONT_PX}px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }}
.s {{ visibility: hidden; animation-iteration-count: infinite;
  animation-timing-function: step-end }}
@media (prefers-reduced-motion: reduce) {{
  .s {{ animation: none !important }} .last {{ visibility: visible }}
}}
"""


def animated(screens: Sequence[Screen]) -> str:
    """The SVG's text; who wants no motion sees the last screen."""
    lengths = [max(screen.seconds / SPEED, LEAST_S) for screen in screens]
    ends = list(accumulate(lengths))
    whole_s = ends[-1]
    width, height = COLUMNS * CHARACTER_PX + 2 * MARGIN_PX, ROWS * LINE_PX + 2 * MARGIN_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'xml:space="preserve">',
        "<title>agender-edge watch, while the demo counts two visits</title>",
        f"<style>{STYLE}{''.join(_rules(ends, lengths, whole_s))}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1f2430"/>',
        *(_group(number, screen, len(screens)) for number, screen in enumerate(screens)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _rules(ends: Sequence[float], lengths: Sequence[float], whole_s: float) -> Sequence[str]:
    """For each screen when it is to be seen, in percent of the whole."""
    rules = []
    for number, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        begin = 100 * (end - length) / whole_s
        hidden = "0%{visibility:hidden}" if begin > 0 else ""
        stop = f"{100 * end / whole_s:.2f}%{{visibility:hidden}}" if end < whole_s else ""
        rules.append(
            f"@keyframes k{number}{{{hidden}{begin:.2f}%{{visibility:visible}}{stop}}}"
            f"#s{number}{{animation-name:k{number};animation-duration:{whole_s:.2f}s}}\n"
        )
    return rules


def _group(number: int, screen: Screen, count: int) -> str:
    last = " last" if number == count - 1 else ""
    lines = "".join(
        f'<text x="{MARGIN_PX}" y="{MARGIN_PX + (row + 1) * LINE_PX - 4}">{escape(line)}</text>'
        for row, line in enumerate(screen.text.splitlines()[:ROWS])
        if line.strip()
    )
    return f'<g id="s{number}" class="s{last}">{lines}</g>'
