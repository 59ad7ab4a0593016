"""The page looks as it did when somebody last looked at it; what spoils it is seen.

`python -m tests.page.look` makes the committed looks anew, after a change that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from tests.page import look as looks
from tests.page.browser import Browser
from tests.page.look import BLOCK_MOST, SCHEMES, SCREENS, Look, difference, reference
from tests.page.support import Device

pytestmark = pytest.mark.slow

BYTES_MOST = 10_000


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Its data and its page's clock are always the same."""
    with looks.still_device(tmp_path_factory.mktemp("still")) as running:
        yield running


@pytest.fixture
def here(still: Device) -> str:
    """Where its page is."""
    return f"http://localhost:{still.port}/"


@pytest.mark.parametrize(("screen", "scheme"), [*product(SCREENS, SCHEMES)])
def test_it_looks_as_it_did(browser: Browser, here: str, screen: str, scheme: str) -> None:
    """On a phone, a desk and a wall, light and dark; else `python -m tests.page.look`, and look."""
    seen = looks.look(browser, here, screen, scheme)
    found = difference(looks.read(reference(screen, scheme)), seen)
    assert not found.told, found


def test_the_looks_are_small() -> None:
    """A few kilobytes each, one for every screen, and no other."""
    names = {reference(*which).name for which in product(SCREENS, SCHEMES)}
    assert {path.name for path in looks.FOLDER.iterdir()} == names
    assert all(path.stat().st_size < BYTES_MOST for path in looks.FOLDER.iterdir())


NUDGED = "const each = document.querySelectorAll('#figures > section')[1]; "
SPOILT = {
    "no figures": "document.querySelector('#figures').remove()",
    "no word of now": "document.querySelector('#now').remove()",
    "no device": "document.querySelector('#device').remove()",
    "no places": "document.querySelectorAll('#figures > section')[2].remove()",
    "no chart": "document.querySelector('svg').style.visibility = 'hidden'",
    "a section over another": NUDGED + "each.style.position = 'relative'; each.style.top = '-4rem'",
    "headings that can't be read": "document.querySelectorAll('h2').forEach(each => "
    "each.style.color = 'var(--box)')",
    "a table that can't be read": "document.querySelectorAll('#device *').forEach(each => "
    "each.style.color = 'var(--box)')",
    "letters for ants": "document.documentElement.style.fontSize = '9px'",
    "no style": "document.querySelector('link[rel=stylesheet]').remove()",
}
"""What is done to the page in the browser."""


@pytest.mark.parametrize("script", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize(("screen", "scheme"), [("phone", "light"), ("wall", "dark")])
def test_what_spoils_it_is_seen(
    browser: Browser, here: str, script: str, screen: str, scheme: str
) -> None:
    """A part that is missing, one over another, text that can't be read."""
    looks.open_page(browser, here, screen, scheme)
    browser.run(script)
    found = difference(looks.read(reference(screen, scheme)), looks.taken(browser, screen, scheme))
    assert found.told, found


@pytest.mark.parametrize("screen", SCREENS)
def test_letters_of_another_shape_are_let_through(browser: Browser, here: str, screen: str) -> None:
    """Fonts are drawn in another way by another release of the browser."""
    looks.open_page(browser, here, screen, "light")
    browser.run("document.documentElement.style.fontStyle = 'oblique'")
    found = difference(
        looks.read(reference(screen, "light")), looks.taken(browser, screen, "light")
    )
    assert 0 < found.block < BLOCK_MOST and not found.told, found


def flat(level: int, height: int = 100) -> Look:
    """A look of one level of grey."""
    return np.full((height, 45), level, np.uint8)


@pytest.mark.parametrize(
    ("other", "told"),
    [(flat(200), False), (flat(202), False), (flat(204), True), (flat(200, 105), False),
     (flat(200, 107), True), (flat(200, 93), True)],
)  # fmt: skip
def test_looks_differ_by_grey_and_by_height(other: Look, told: bool) -> None:
    """From 3 levels on, and from 6 % of the height on."""
    assert difference(flat(200), other).told == told


def test_one_block_is_enough_and_is_named() -> None:
    """Where it is, in pixels of the screen."""
    other = flat(200)
    other[40:52, 20:32] = 120
    found = difference(flat(200), other)
    assert found.told and found.mean < 3
    assert abs(found.where[0] - 8 * 26) <= 16 and abs(found.where[1] - 8 * 46) <= 16
