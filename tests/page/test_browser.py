"""The page in a real browser: for every eye, by keyboard, and asking nobody else."""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from edge.page.words import LANGUAGES
from tests.page.browser import Browser, axe
from tests.page.support import PASSWORD, Device
from tests.publish.support import health, state, wait_for

pytestmark = pytest.mark.slow

PAGES = ("/", "/report", "/report?kind=month", "/notice")
WIDTHS = (360, 1920)
SCHEMES = ("light", "dark")

RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document).then(found => done(found.violations.map(
    each => [each.id, each.help, each.nodes.map(node => node.html)])));
"""


def looked_at(browser: Browser) -> list[Any]:
    """What axe-core finds fault with."""
    browser.run(axe())
    return list(browser.driver.execute_async_script(RUN_AXE))


@pytest.mark.parametrize(("width", "scheme"), [*product(WIDTHS, SCHEMES)])
def test_axe_finds_nothing(browser: Browser, at: str, width: int, scheme: str) -> None:
    """On each page, small and large, light and dark, with tables shut and open."""
    browser.see_as(width, scheme)
    for page in PAGES:
        browser.driver.get(at + page)
        assert looked_at(browser) == []
        browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert looked_at(browser) == []


def test_axe_finds_nothing_when_something_is_wrong(
    browser: Browser, open_device: Device, at: str
) -> None:
    """The red of troubles, and a refusal."""
    open_device.seeing.health = health(view_covered=True, throttled=True)
    open_device.seeing.refuses = "the disk is full"
    try:
        for scheme in SCHEMES:
            browser.see_as(360, scheme)
            browser.driver.get(f"{at}/")
            wait_for(lambda: "is covered" in browser.driver.page_source, 15, "the trouble")
            browser.driver.find_element("css selector", "form[action='/pause'] button").click()
            wait_for(lambda: "disk is full" in browser.driver.page_source, 15, "the refusal")
            assert looked_at(browser) == []
    finally:
        open_device.seeing.health = health(view_dark=False)
        open_device.seeing.refuses = None


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stands_out_over_the_edge(browser: Browser, at: str, language: str) -> None:
    """Whatever the language's words are as long as, from a small phone to a wall."""
    for width, page in product((320, *WIDTHS, 1280, 3840), PAGES):
        browser.see_as(width, "light")
        mark = "&" if "?" in page else "?"
        browser.driver.get(f"{at}{page}{mark}language={language}")
        browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert browser.run("return document.documentElement.scrollWidth") <= width
        # Nor within its box, where half a number would be read as a number.
        cut = "return [...document.querySelectorAll('#device .wide')]"
        assert not browser.run(f"{cut}.some(each => each.scrollWidth > each.clientWidth)")
    browser.driver.get(f"{at}/?language=en")


def test_it_asks_nobody_else_and_nothing_is_complained_of(browser: Browser, at: str) -> None:
    """Each request goes to the page itself, renewals too; the console is silent."""
    browser.asked_for()
    browser.complaints()
    for page in PAGES:
        browser.driver.get(at + page)
    browser.driver.get(f"{at}/")
    renewed: list[str] = []
    wait_for(
        lambda: (renewed.extend(browser.asked_for()) or f"{at}/part/now" in renewed),
        15, "a renewal",
    )  # fmt: skip
    # data: is what Chromium draws its own date field with.
    elsewhere = [one for one in renewed if not one.startswith((f"{at}/", "data:"))]
    assert elsewhere == []
    assert browser.complaints() == []


@pytest.mark.parametrize(("width", "scheme"), [*product(WIDTHS, SCHEMES)])
def test_renewing_moves_no_pixel(browser: Browser, at: str, width: int, scheme: str) -> None:
    """A screen on a wall does not flicker: screenshots before and after are the same."""
    browser.see_as(width, scheme)
    browser.driver.get(f"{at}/")
    wait_for(lambda: "<dd>3</dd>" in browser.driver.page_source, 15, "numbers")
    before = picture(browser)
    browser.run("window.old = document.querySelector('#now')")
    wait_for(lambda: not browser.run("return document.contains(window.old)"), 15, "a renewal")
    assert np.array_equal(before, picture(browser))


def picture(browser: Browser) -> Any:
    """The screen, height × width × 3 uint8 BGR."""
    data = np.frombuffer(browser.driver.get_screenshot_as_png(), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def test_light_and_dark_are_what_they_say(browser: Browser, at: str) -> None:
    """By the browser's setting, on each page."""
    for page in PAGES[:-1]:
        brightness = []
        for scheme in SCHEMES:
            browser.see_as(800, scheme)
            browser.driver.get(at + page)
            brightness.append(float(np.median(picture(browser))))
        assert brightness[0] > 200
        assert brightness[1] < 60


def test_bars_are_as_high_as_their_numbers(browser: Browser, at: str) -> None:
    """As they are drawn on the screen, beside what their titles say."""
    browser.see_as(1920, "light")
    browser.driver.get(f"{at}/report?kind=week")
    bars = browser.run("""
        return [...document.querySelectorAll('.chart rect')].map(bar =>
            [Number(bar.textContent.split(': ')[1]) || 0, bar.getBoundingClientRect().height])
    """)
    most = max(bars)
    assert most[0] > 0
    for people, high in bars:
        assert abs(high - most[1] * people / most[0]) < 1.5


def test_without_a_script_it_shows_the_same(browser: Browser, at: str) -> None:
    """What was so when it was loaded."""
    browser.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.driver.get(f"{at}/")
        assert "<dd>3</dd>" in browser.driver.page_source
        assert "<rect" in browser.driver.page_source
    finally:
        browser.tell("Emulation.setScriptExecutionDisabled", value=False)


def test_all_of_it_is_done_by_keyboard(browser: Browser, guarded_device: Device) -> None:
    """Log in, skip to the content, pause, resume, leave; and where one is can be seen."""
    browser.see_as(1024, "dark")
    at = f"http://127.0.0.1:{guarded_device.port}"
    browser.driver.get(f"{at}/report")
    assert browser.driver.current_url == f"{at}/login"
    assert looked_at(browser) == []
    press(browser, Keys.TAB, until="password")
    press(browser, PASSWORD, Keys.ENTER)
    wait_for(lambda: browser.driver.current_url == f"{at}/", 15, "the overview")
    press(browser, Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    press(browser, Keys.ENTER)
    assert browser.run("return document.activeElement.id || location.hash") in ("main", "#main")
    for verb in ("pause", "resume"):
        press(browser, Keys.TAB, until=f"/{verb}")
        style = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"
        press(browser, Keys.ENTER)
        wait_for(lambda: guarded_device.seeing.orders[-1:] == [verb], 15, verb)  # noqa: B023
        paused = verb == "pause"
        guarded_device.seeing.state = state(0 if paused else 3, paused=paused)
        guarded_device.seeing.health = health(paused=paused, view_dark=None if paused else False)
        other = "resume" if paused else "pause"
        wait_for(lambda: f'action="/{other}"' in browser.driver.page_source, 15, other)  # noqa: B023
    browser.driver.get(f"{at}/")
    press(browser, Keys.TAB, until="/logout")
    press(browser, Keys.ENTER)
    wait_for(lambda: browser.driver.current_url == f"{at}/login", 15, "having left")


def press(browser: Browser, *keys: str, until: str = "") -> None:
    """Keys; the same again until what has the focus, or its form, is called so."""
    for _ in range(40):
        ActionChains(browser.driver).send_keys(*keys).perform()
        here = browser.run("""
            const at = document.activeElement;
            return [at.id, at.form ? new URL(at.form.action).pathname : ''];
        """)
        if not until or until in here:
            return
    raise AssertionError(f"{until} can't be reached")
