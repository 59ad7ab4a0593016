"""The README's pictures: made by the product, small, and nothing in them that asks a network."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import cv2
import pytest

from converters.pictures.screens import COLUMNS, ROWS, Screen, recorded
from converters.pictures.svg import SPEED, animated
from converters.pictures.verb import annotated
from tests.shared import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def test_each_screen_is_seen_once_and_in_its_turn():
    """One after the other, for as long as it stood, played faster; what is typed stays text."""
    root = ET.fromstring(animated([Screen("a <b> & c", 2.0), Screen("d", 6.0)]))
    groups = root.findall(f"{SVG}g")
    assert ["".join(group.itertext()) for group in groups] == ["a <b> & c", "d"]
    style = root.findtext(f"{SVG}style") or ""
    whole_s = 8.0 / SPEED
    assert f"#s0{{animation-name:k0;animation-duration:{whole_s:.2f}s}}" in style
    assert "@keyframes k0{0.00%{visibility:visible}25.00%{visibility:hidden}}" in style
    assert "@keyframes k1{0%{visibility:hidden}25.00%{visibility:visible}}" in style
    assert "prefers-reduced-motion" in style


@pytest.mark.parametrize("name", ["watch.svg", "frame.jpg"])
def test_the_readme_shows_what_is_there(name):
    """Small enough for a page, and an SVG that loads nothing."""
    path = ROOT / "docs" / "pictures" / name
    assert f'src="docs/pictures/{name}"' in (ROOT / "README.md").read_text()
    assert path.stat().st_size < 60_000
    if name.endswith(".svg"):
        assert "href" not in path.read_text()
        assert "url(" not in path.read_text()


@pytest.mark.slow
def test_the_screens_are_those_of_the_demo(demo_clip):
    """Two visits, on lines that fit the picture; no machine's name in them."""
    screens = recorded()
    assert "heard: 2 people" in screens[-1].text
    assert all("demo/door" in screen.text for screen in screens)
    lines = [line for screen in screens for line in screen.text.splitlines()]
    assert max(map(len, lines)) <= COLUMNS
    assert max(len(screen.text.splitlines()) for screen in screens) <= ROWS


def test_the_portrait_is_seen_by_the_devices_own_networks(tmp_path):
    """A box and a label are drawn on it."""
    annotated(tmp_path / "deep" / "frame.jpg")
    picture = cv2.imread(str(tmp_path / "deep" / "frame.jpg"))
    assert picture.shape == (512, 512, 3)
    red = (picture[..., 2] > 180) & (picture[..., 0] < 90) & (picture[..., 1] < 90)
    assert red[:180, 170:350].sum() > 800
