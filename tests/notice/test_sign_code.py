"""The QR code on the sign: it decodes to the address, in any script, or there is none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from xml.etree import ElementTree as ET

import cv2
import pytest

from edge.errors import UserError
from edge.notice.arguments import FORMATS
from edge.notice.layout import FORMATS as SHEETS
from edge.notice.qr import modules_of
from tests.notice.configurations import URL, configured
from tests.notice.reading import SVG, corner, picture_of, sign_of, text_of

pytestmark = pytest.mark.skipif(find_spec("segno") is None, reason="needs the extra notice")


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
