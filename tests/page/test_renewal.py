"""What a page that stays open shows: renewed, told where it is not, and whole on paper."""

from __future__ import annotations

import signal

import pytest

from tests.page.browser import Browser
from tests.page.support import Device
from tests.publish.support import state, wait_for

pytestmark = pytest.mark.slow


def test_presence_is_renewed_and_an_open_table_stays_open(
    browser: Browser, open_device: Device, at: str
) -> None:
    """Without loading the page again."""
    browser.see_as(1920, "light")
    browser.driver.get(f"{at}/")
    browser.run("window.mark = 1; document.querySelector('#hours-table').open = true")
    browser.run("document.querySelector('#figures').dataset.every = 1")
    open_device.seeing.state = state(41, attending=7)
    shown = "return [...document.querySelectorAll('dd')].map(each => each.textContent)"
    wait_for(lambda: browser.run(shown) == ["41", "7"], 15, "the new numbers")
    assert browser.run("return window.mark") == 1
    assert browser.run("return document.querySelector('#hours-table').open")
    open_device.seeing.state = state(3, attending=1)
    wait_for(lambda: browser.run(shown) == ["3", "1"], 15, "the old numbers")


def test_whoever_is_at_a_button_stays_there_and_sees_new_numbers(
    browser: Browser, open_device: Device, at: str
) -> None:
    """What stands around it is renewed; what has the focus is the same as before."""
    browser.see_as(1024, "light")
    browser.driver.get(f"{at}/")
    browser.run("window.here = document.querySelector('#now button'); window.here.focus()")
    shown = "return [...document.querySelectorAll('dd')].map(each => each.textContent)"
    try:
        open_device.seeing.state = state(52, attending=8)
        wait_for(lambda: browser.run(shown) == ["52", "8"], 15, "the new numbers")
    finally:
        open_device.seeing.state = state(3, attending=1)
    assert browser.run("return document.activeElement === window.here")


def test_numbers_that_are_not_renewed_are_said_to_be_old(
    browser: Browser, open_device: Device, at: str
) -> None:
    """In words, also for who hears the page; and no longer once it is renewed."""
    browser.see_as(360, "dark")
    browser.driver.get(f"{at}/?language=de")
    told = "return getComputedStyle(document.querySelector('#now'), '::before').content"
    assert browser.run(told) == "none"
    browser.run("""
        const after = AbortSignal.timeout;
        AbortSignal.timeout = () => after.call(AbortSignal, 300);
    """)
    open_device.page.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: "Nicht erneuert" in browser.run(told), 20, "that it is old")
    finally:
        open_device.page.send_signal(signal.SIGCONT)
    wait_for(lambda: browser.run(told) == "none", 20, "that it is new")
    browser.driver.get(f"{at}/?language=en")


@pytest.mark.parametrize("path", ["/", "/report?kind=week"])
def test_on_paper_stands_what_can_be_read_there(browser: Browser, at: str, path: str) -> None:
    """Tables that were shut are open; buttons and links to click are away; dark is light."""
    browser.see_as(1024, "dark")
    browser.driver.get(at + path)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    browser.tell("Emulation.setEmulatedMedia", media="print")
    try:
        assert (
            browser.run("""
            const shows = each => each.checkVisibility() && each.getClientRects().length > 0;
            return [...document.querySelectorAll("form, footer, header nav, summary, .keep")]
                .filter(shows).map(each => each.outerHTML)""")
            == []
        )
        assert browser.run("""
            return [...document.querySelectorAll("details table")].every(
                each => each.checkVisibility({contentVisibilityAuto: true}))""")
        assert browser.run("return getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
    finally:
        browser.tell("Emulation.setEmulatedMedia", media="")
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("return document.querySelectorAll('details[open]').length") == 0
