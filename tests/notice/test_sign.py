"""The sign: read from 3 m, within its margins, whatever an operator writes on it."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from edge.errors import UserError
from edge.notice.arguments import FORMATS, LANGUAGES
from edge.notice.layout import FORMATS as SHEETS
from edge.notice.text_lines import width_of, wrapped
from tests.notice.configurations import URL, configurations, configured, texts
from tests.notice.reading import SVG, corner, sign_of, text_of

pytestmark = pytest.mark.skipif(find_spec("segno") is None, reason="needs the extra notice")

CAPITAL = 0.716
"""Height of Arial's capital letters in font sizes; no font of the sign has lower ones."""


MILLIMETRES = {"A5": (148, 210), "A4": (210, 297), "A3": (297, 420)}


def lead_and_body(root):
    """The texts on the dark band, and those below it."""
    band = float(list(root.iter(f"{SVG}rect"))[1].attrib["height"])
    found = list(root.iter(f"{SVG}text"))
    return (
        [text for text in found if float(text.attrib["y"]) < band],
        [text for text in found if float(text.attrib["y"]) >= band],
    )


def luminance(colour):
    """Relative luminance of a colour as #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("paper", FORMATS)
def test_the_lead_is_read_from_three_metres_and_the_rest_from_half_a_metre(paper, language):
    """Capital letters of a two-hundredth of the distance, on paper of its true size."""
    root = sign_of(configured(operator={"notice_url": URL}), language, paper)
    width, height = MILLIMETRES[paper]
    assert root.attrib["viewBox"] == f"0 0 {width} {height}"
    assert (root.attrib["width"], root.attrib["height"]) == (f"{width}mm", f"{height}mm")
    lead, body = lead_and_body(root)
    assert lead and body
    assert all(float(t.attrib["font-size"]) * CAPITAL >= 3000 / 200 for t in lead)
    assert all(float(t.attrib["font-size"]) * CAPITAL >= 500 / 200 for t in body)


def test_a_larger_sheet_is_read_from_farther_away():
    """What is not the lead grows with the sheet."""
    sizes = [
        float(lead_and_body(sign_of(configured(), paper=paper))[1][0].attrib["font-size"])
        for paper in FORMATS
    ]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("paper", FORMATS)
def test_text_and_code_contrast_with_what_they_stand_on(paper):
    """At least 7 : 1, WCAG's enhanced contrast."""
    root = sign_of(configured(operator={"notice_url": URL}), paper=paper)
    sheet, band = (rect.attrib["fill"] for rect in root.iter(f"{SVG}rect"))
    lead, body = lead_and_body(root)
    assert min(contrast(text.attrib["fill"], band) for text in lead) >= 7
    assert min(contrast(text.attrib["fill"], sheet) for text in body) >= 7
    (code,) = root.iter(f"{SVG}path")
    assert contrast(code.attrib["fill"], sheet) >= 7


@settings(max_examples=40, deadline=None)
@given(configurations, st.sampled_from(LANGUAGES), st.sampled_from(FORMATS))
@example(configured(source={"uri": "clip.mp4"}, privacy={"k": 2}), "de", "A3")
def test_nothing_leaves_the_sheet_or_lies_on_another(config, language, paper):
    """Neither text on text, nor text on the code or its quiet zone, nor either in the margin."""
    try:
        root = sign_of(config, language, paper)
    except UserError:  # on a small sheet long texts are refused
        assert paper == "A5"
        reject()
    sheet = SHEETS[paper]
    right, bottom = sheet.width_mm - sheet.margin_mm, sheet.height_mm - sheet.margin_mm
    code = corner(root)
    previous = 0.0
    for text in root.iter(f"{SVG}text"):
        size, x, y = (float(text.attrib[key]) for key in ("font-size", "x", "y"))
        assert x >= sheet.margin_mm - 0.01
        assert y - CAPITAL * size >= previous
        previous = y
        end = x + printed_width(text, size)
        assert end <= right + 0.01
        assert y + 0.25 * size <= bottom + 0.01
        if code and y + 0.25 * size > code[1]:
            assert end <= code[0] + 0.01


def printed_width(text, size):
    """Width of a line whose label is bold."""
    bold = "".join("".join(span.itertext()) for span in text.iter(f"{SVG}tspan"))
    plain = "".join(text.itertext())[len(bold) :]
    return width_of(bold, size, bold=True) + width_of(plain, size)


@settings(max_examples=60, deadline=None)
@given(texts, texts, texts)
def test_what_an_operator_writes_stays_text(name, contact, purpose):
    """No character of it becomes an element or gets lost, whatever it is."""
    operator = {"name": name, "contact": contact, "purpose": purpose}
    root = sign_of(configured(operator=operator), paper="A3")
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "rect", "text", "tspan"}
    read = "".join(text_of(root).split())
    for given_text in operator.values():
        assert "".join(given_text.split()) in read


@pytest.mark.parametrize(
    "text", ["</text><script>alert(1)</script>", '" onload="x', "]]><!--", "&amp;&#x3c;", "{k} {"]
)
def test_markup_of_an_operator_is_shown_not_obeyed(text):
    """As it was written."""
    root = sign_of(configured(operator={"name": text}))
    assert "".join(text.split()) in "".join(text_of(root).split())
    assert not any("onload" in element.attrib for element in root.iter())
    assert not list(root.iter(f"{SVG}script"))


def test_a_text_too_long_for_the_sheet_is_refused_and_fits_on_a_larger_one():
    """It is not made smaller than can be read; the sentence tells what to do."""
    long = {"name": "N" * 120, "contact": "w " * 100, "purpose": "w " * 150,
            "legal_basis": "w " * 150, "notice_url": URL}  # fmt: skip
    with pytest.raises(UserError, match="take a larger --format, or shorten"):
        sign_of(configured(operator=long), paper="A5")
    assert sign_of(configured(operator=long), paper="A3") is not None


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("name", "N" * 120), ("contact", "w" * 200), ("purpose", "w " * 150),
        ("legal_basis", "N" * 300), ("notice_url", "https://a.example/" + "c" * 262),
    ],
)  # fmt: skip
def test_the_key_whose_text_takes_most_room_is_to_be_shortened(key, text):
    """Of those on the sign, its address included; the others are not blamed."""
    usual = {"name": "Shop & Sons Ltd", "contact": "privacy@shop.example, +44 20 7946 0000",
             "purpose": "to know how many people come, when, and whether our offer suits them",
             "legal_basis": "Article 6(1)(f) GDPR: planning staff and offers",
             "retention": "r" * 500, "notice_url": "https://shop.example/camera"}  # fmt: skip
    source = {"uri": "rtsp://cam/1"}
    assert sign_of(configured(operator=usual, source=source), "es", "A5") is not None
    with pytest.raises(UserError) as refused:
        sign_of(configured(operator=usual | {key: text}, source=source), "es", "A5")
    assert re.findall(r"operator\.(\w+)", str(refused.value)) == [key]
    assert f"({len(text.strip())} letters)" in str(refused.value)


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1), st.integers(1, 12))
def test_a_word_that_fits_no_line_is_broken_and_kept_whole(word, most):
    """As addresses are, which have no spaces."""
    lines = list(wrapped(word, lambda text, _: len(text) <= most))
    assert "".join(lines) == word
    assert all(len(line) <= most for line in lines)
