"""What every page has around its own part: head, navigation, languages, a form's secret."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from edge import __version__
from edge.config.tables import Config
from edge.notice.sign import as_text
from edge.page.html import Element, add
from edge.page.sessions import Said
from edge.page.words import LANGUAGES, Words, words_of

TOKEN = "token"
"""The field of a form that brings back what this visitor was given."""


PAGES = ("/", "overview"), ("/report", "report"), ("/notice", "notice"), ("/aim", "aim")
"""Where the navigation leads."""


class Visit(NamedTuple):
    """Who looks, in which language, and what is to be told once."""

    words: Words
    path: str
    token: str
    inside: bool
    """Whether the password was given, or there is none."""
    guarded: bool
    said: Said | None = None


def page(config: Config, visit: Visit, title: str) -> tuple[Element, Element]:
    """The whole and its main part, which is to be filled."""
    words, device = visit.words, name_of(config)
    whole = Element("html", {"lang": words.language})
    _head(whole, f"{title} – {device}", words)
    body = add(whole, "body")
    add(body, "a", words("skip"), href="#main", class_="skip")
    header = add(body, "header")
    add(header, "p", device, class_="device")
    if visit.inside:
        _navigation(header, visit)
    main = add(body, "main", id="main", tabindex="-1")
    add(main, "h1", title)
    _said(main, visit)
    _footer(add(body, "footer"), visit)
    return whole, main


def text_of(whole: Element) -> str:
    """The document."""
    return f"<!DOCTYPE html>\n{as_text(whole, 'html')}\n"


def name_of(config: Config) -> str:
    """The device, as in its topics."""
    return f"{config.device.site}/{config.device.name}"


def form(parent: Element, visit: Visit, action: str, button: str) -> Element:
    """A form that only a page of ours can have sent; its fields go before the button."""
    found = add(parent, "form", method="post", action=action)
    add(found, "input", type="hidden", name=TOKEN, value=visit.token)
    add(found, "button", button, type="submit")
    return found


def _head(whole: Element, title: str, words: Words) -> None:
    head = add(whole, "head")
    add(head, "meta", charset="utf-8")
    add(head, "title", title)
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    add(head, "meta", name="description", content=words("description"))
    add(head, "meta", name="color-scheme", content="light dark")
    add(head, "link", rel="icon", href="/icon.svg", type="image/svg+xml")
    add(head, "link", rel="stylesheet", href="/style.css")
    add(head, "script", src="/page.js", defer="defer")


def _navigation(header: Element, visit: Visit) -> None:
    words = visit.words
    links = add(add(header, "nav", aria_label=words("navigation")), "ul")
    for path, key in PAGES:
        here = {"aria_current": "page"} if path == visit.path else {}
        add(add(links, "li"), "a", words(key), href=path, **here)
    if visit.guarded:
        form(header, visit, "/logout", words("log_out"))


def _said(main: Element, visit: Visit) -> None:
    if visit.said is None:
        return
    text = visit.words(visit.said.key)
    if visit.said.error:
        text = f"{text} {visit.said.error}."
    add(main, "p", text, role="alert" if visit.said.error else "status", class_="said")


def _footer(footer: Element, visit: Visit) -> None:
    links = add(add(footer, "nav", aria_label=visit.words("languages")), "ul")
    for language in LANGUAGES:
        here = {"aria_current": "true"} if language == visit.words.language else {}
        add(
            add(links, "li"), "a", words_of(language)("language"), lang=language,
            href=f"{visit.path}?{urlencode({'language': language})}", **here,
        )  # fmt: skip
    add(footer, "p", f"agender-edge {__version__}")
