"""The sign: read from 3 m, within its margins, with a QR code that decodes, whatever is in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from xml.etree import ElementTree as ET

import cv2
import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from edge.errors import UserError
from edge.notice.arguments import FORMATS, LANGUAGES
from edge.notice.layout import FORMATS as SHEETS
from edge.notice.qr import modules_of
from edge.notice.text_lines import width_of, wrapped
from tests.notice.configurations import configurations, configured, texts
from tests.notice.reading import SVG, picture_of, sign_of, text_of

pytestmark = pytest.mark.skipif(find_spec("segno") is None, reason="needs the extra notice")

CAPITAL = 0.716
"""Height of Arial's capital letters in font sizes; no font of the sign has lower ones."""
URL = "https://shop.example/camera?lang=de"
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


def corner(root):
    """Left and top of the code with its quiet zone, where there is one."""
    for code in root.iter(f"{SVG}path"):
        numbers = re.findall(r"[\d.]+", code.attrib["transform"])
        return float(numbers[0]), float(numbers[1])
    return None


@pytest.mark.parametrize(
    "url",
    [
        URL, "http://a.example", "https://xn--mnchen-3ya.example/%C3%BC#en",
        "https://b.example/" + "c" * 250,
    ],
)  # fmt: skip
@pytest.mark.parametrize("paper", FORMATS)
def test_the_code_on_the_sign_decodes_to_the_address(url, paper):
    """Read by OpenCV off the path that the sign draws; with its quiet zone, in the corner."""
    root = sign_of(configured(operator={"notice_url": url}), paper=paper)
    (code,) = root.iter(f"{SVG}path")
    picture = picture_of(code)
    decoded, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert decoded == url
    left, top = corner(root)
    scale, quiet = re.findall(r"scale\(([\d.]+)\) (.*)", code.attrib["transform"])[0]
    assert quiet == "translate(4 4)"
    end = picture.shape[0] / 4 * float(scale)
    sheet = SHEETS[paper]
    assert left + end == pytest.approx(sheet.width_mm - sheet.margin_mm, abs=0.01)
    assert top + end == pytest.approx(sheet.height_mm - sheet.margin_mm, abs=0.01)


@pytest.mark.skipif(find_spec("idna") is None, reason="needs the extra notice")
@pytest.mark.parametrize(
    ("url", "ascii_form"),
    [
        ("https://bücher.example/größe", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe"),
        ("https://straße.example:8443", "https://xn--strae-oqa.example:8443"),
        (
            "https://Καφές.example/κάμερα",
            "https://xn--ixah0a8as.example/%CE%BA%CE%AC%CE%BC%CE%B5%CF%81%CE%B1",
        ),
        (
            "https://магазин.example/камера?язык=ру#да",
            "https://xn--80aairftm.example/%D0%BA%D0%B0%D0%BC%D0%B5%D1%80%D0%B0"
            "?%D1%8F%D0%B7%D1%8B%D0%BA=%D1%80%D1%83#%D0%B4%D0%B0",
        ),
        ("https://店。example/カメラ", "https://xn--hxt.example/%E3%82%AB%E3%83%A1%E3%83%A9"),
        (
            "https://متجر.example/كاميرا",
            "https://xn--pgbep1f.example/%D9%83%D8%A7%D9%85%D9%8A%D8%B1%D8%A7",
        ),
        (
            "https://a.example/é%C3%A9?q=%D0%B0&r=100%25",
            "https://a.example/%C3%A9%C3%A9?q=%D0%B0&r=100%25",
        ),
        ("https://[2001:db8::1]:8080/ü", "https://[2001:db8::1]:8080/%C3%BC"),
        ("https://A_b.example/~c?d=[e]", "https://A_b.example/~c?d=[e]"),
    ],
)  # fmt: skip
def test_an_address_in_any_script_is_in_the_code_as_its_ascii_form(url, ascii_form):
    """Host by IDNA, the rest percent-encoded, what is encoded as it is: what a browser opens."""
    root = sign_of(configured(operator={"notice_url": url}), paper="A3")
    (code,) = root.iter(f"{SVG}path")
    decoded, _, _ = cv2.QRCodeDetector().detectAndDecode(picture_of(code))
    assert decoded == ascii_form
    assert "".join(url.split()) in "".join(text_of(root).split())


@pytest.mark.skipif(find_spec("idna") is None, reason="needs the extra notice")
@pytest.mark.parametrize("host", ["ü..example", "-ü.example", "ü" * 70 + ".example", "☕.example"])
def test_a_host_without_an_ascii_form_is_refused(host):
    """By its key, and what would be right."""
    told = "operator.notice_url: .*xn--"
    with pytest.raises(UserError, match=told):
        modules_of(f"https://{host}/")


def test_an_address_too_long_for_a_code_is_refused():
    """Percent-encoded, a letter of many scripts takes nine."""
    with pytest.raises(UserError, match="notice_url is too long for a QR code"):
        modules_of("https://a.example/" + "カ" * 280)


@pytest.mark.skipif(shutil.which("rsvg-convert") is None, reason="needs rsvg-convert")
@pytest.mark.parametrize("paper", FORMATS)
def test_the_printed_sign_s_code_decodes(paper, tmp_path):
    """As librsvg prints it, among all the text, at 150 dots an inch."""
    root = sign_of(configured(operator={"notice_url": URL}), paper=paper)
    ET.ElementTree(root).write(tmp_path / "sign.svg", encoding="utf-8")
    subprocess.run(
        ["rsvg-convert", "-d", "150", "-p", "150", "sign.svg", "-o", "sign.png"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    decoded, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(tmp_path / "sign.png")))
    assert decoded == URL


def test_without_an_address_there_is_no_code():
    """And the text is to be had from the contact."""
    root = sign_of(configured())
    assert not list(root.iter(f"{SVG}path"))
    assert "ask the contact for the full text" in text_of(root)


@pytest.mark.parametrize(
    ("module", "url"), [("segno", URL), ("idna", "https://bücher.example")]
)  # fmt: skip
def test_without_a_library_it_is_told_how_to_get_it(monkeypatch, module, url):
    """One sentence; who has no such address needs none."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=rf"{module}: pip install 'agender-edge\[notice\]'"):
        modules_of(url)


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
