"""Requests → answers: who may ask, and what a browser may do with what it is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from edge.config.tables import Config
from edge.page.asked import LANGUAGE, Asked
from edge.page.ear import Ear
from edge.page.frame import TOKEN
from edge.page.guard import HEADERS, POLICY, Names, from_here
from edge.page.pages import Handler, Pages
from edge.page.sessions import Sessions
from edge.page.web import Answer, Environ, Request, Start, cookie, read, redirect, refusal
from edge.page.words import LANGUAGES

log = logging.getLogger("page")

STATIC = {
    name: ((Path(__file__).parent / "static" / name).read_text(encoding="utf-8"), kind)
    for name, kind in (
        ("style.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("aim.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    )
}
YEAR_S = 31_536_000


class App:
    """The page of one device, as a WSGI application."""

    def __init__(self, config: Config, ear: Ear, password: str | None) -> None:
        self._names = Names(config.page.hosts)
        self._sessions = Sessions(password, time.monotonic)
        pages = Pages(config, ear, self._sessions)
        self._outside, self._inside = pages.outside, pages.inside

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """WSGI: no error goes to a browser but as a sentence."""
        try:
            answer = self._answer(read(environ))
        except Exception:
            log.exception("a page could not be made")
            answer = refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "that went wrong; the log says why")
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body.encode()
        names = {name for name, _ in answer.headers}
        usual = (
            ("Content-Type", answer.kind),
            ("Content-Length", str(len(answer.body.encode()))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", POLICY),
            *HEADERS,
        )
        headers = [*(pair for pair in usual if pair[0] not in names), *answer.headers]
        start(f"{answer.status.value} {answer.status.phrase}", headers)
        return [body]

    def _answer(self, request: Request) -> Answer:
        if not self._names.knows(request.host):
            return refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this page is not known by that name; page.hosts names others",
            )
        method = "GET" if request.method == "HEAD" else request.method
        if method == "GET" and request.path.removeprefix("/") in STATIC:
            return _static(request.path.removeprefix("/"))
        way = (method, request.path)
        handler = self._outside.get(way) or self._inside.get(way)
        if handler is None:
            return _no_such(method, request.path, (*self._outside, *self._inside))
        asked = Asked(request, self._sessions)
        if method == "GET" and asked.is_new and request.site == "cross-site":
            return _from_here_again()
        return self._set_cookies(asked, self._checked(asked, handler, method))

    def _checked(self, asked: Asked, handler: Handler, method: str) -> Answer:
        request = asked.request
        if method == "POST" and not (
            from_here(request)
            and not asked.is_new
            and self._sessions.brings(asked.visitor, request.form.get(TOKEN, ""))
        ):
            return refusal(HTTPStatus.FORBIDDEN, asked.words("stale_form"))
        if not asked.inside and (method, request.path) not in self._outside:
            if request.path.startswith(("/part/", "/aim/")):
                return refusal(HTTPStatus.UNAUTHORIZED, asked.words("log_in"))
            return redirect("/login")
        return handler(asked)

    def _set_cookies(self, asked: Asked, answer: Answer) -> Answer:
        headers = answer.headers
        if asked.is_new and not any(name == "Set-Cookie" for name, _ in headers):
            headers = (*headers, cookie(asked.cookie, asked.visitor))
        language = asked.request.query.get("language")
        if language in LANGUAGES:
            headers = (*headers, cookie(LANGUAGE, language, max_age_s=YEAR_S))
        return answer._replace(headers=headers)


def _from_here_again() -> Answer:
    """The same once more, asked for by a page of ours.

    A browser keeps our cookie back where a link on another site leads here; without this whoever
    follows one would be given a new cookie, and be logged out by it.
    """
    return Answer('<!DOCTYPE html><title>…</title><meta http-equiv="refresh" content="0">')


def _static(name: str) -> Answer:
    body, kind = STATIC[name]
    return Answer(body, kind, headers=(("Cache-Control", "max-age=600"),))


def _no_such(method: str, path: str, routes: Iterable[tuple[str, str]]) -> Answer:
    allowed = [known for known, at in routes if at == path]
    if allowed:
        answer = refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} does nothing here")
        return answer._replace(headers=(("Allow", ", ".join(allowed)),))
    return refusal(HTTPStatus.NOT_FOUND, "there is no such page")
