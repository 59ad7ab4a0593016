"""Requests → answers: who may ask, what is asked for, what a browser may do with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Literal, cast

from edge.config.tables import Config
from edge.errors import UserError
from edge.notice.catalogue import catalogue
from edge.notice.facts import facts_of
from edge.notice.page import POLICY as NOTICE_POLICY
from edge.notice.page import page as notice_page
from edge.notice.sign import as_text
from edge.page.ear import Ear
from edge.page.figures import Figures
from edge.page.frame import TOKEN, Visit, page, text_of
from edge.page.guard import HEADERS, POLICY, Names, from_here
from edge.page.html import Element, add
from edge.page.overview import PARTS, Known, overview, part
from edge.page.report_page import FORMS, file_of, report_page
from edge.page.sessions import Said, Sessions, known_form
from edge.page.web import Answer, Environ, Request, Start, cookie, read, redirect, refusal
from edge.page.words import LANGUAGES, wanted, words_of

log = logging.getLogger("page")

STATIC = {
    name: ((Path(__file__).parent / "static" / name).read_text(encoding="utf-8"), kind)
    for name, kind in (
        ("style.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    )
}
LANGUAGE = "agender_language"
YEAR_S = 31_536_000

Handler = Callable[["Asked"], Answer]


class Asked:
    """A request of a visitor, and how to answer in their language."""

    def __init__(self, request: Request, sessions: Sessions) -> None:
        self.request, self._sessions = request, sessions
        # Cookies know no ports, and tunnels bring several devices to one address.
        self.cookie = f"agender_page_{request.host.rpartition(':')[2] or 80}"
        visitor = request.cookies.get(self.cookie, "")
        self.is_new = not known_form(visitor)
        self.visitor = sessions.new() if self.is_new else visitor
        self.inside = sessions.may_see(self.visitor)
        chosen = request.query.get("language") or request.cookies.get(LANGUAGE)
        self.words = words_of(wanted(chosen, request.languages))

    def visit(self, *, says: bool = False) -> Visit:
        """What a page needs to know; `says` takes what is to be told once."""
        said = self._sessions.said(self.visitor) if says else None
        token = self._sessions.token(self.visitor)
        return Visit(self.words, self.request.path, token, self.inside,
                     self._sessions.guarded, said)  # fmt: skip


class App:
    """The page of one device, as a WSGI application."""

    def __init__(self, config: Config, ear: Ear, password: str | None) -> None:
        self._config, self._ear = config, ear
        self._names = Names(config.page.hosts)
        self._sessions = Sessions(password, time.monotonic)
        self._figures = Figures(config)
        self._open: Mapping[tuple[str, str], Handler] = {
            ("GET", "/login"): self._login_form,
            ("POST", "/login"): self._log_in,
        }
        self._inside: Mapping[tuple[str, str], Handler] = {
            ("GET", "/"): self._overview,
            ("GET", "/report"): self._report,
            ("GET", "/notice"): self._notice,
            ("POST", "/logout"): self._log_out,
            ("POST", "/pause"): partial(self._order, verb="pause"),
            ("POST", "/resume"): partial(self._order, verb="resume"),
            **{("GET", f"/part/{name}"): partial(self._part, name=name) for name in PARTS},
            **{("GET", f"/report.{e}"): partial(self._file, ending=e) for e in FORMS},
        }

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
        handler = self._open.get(way) or self._inside.get(way)
        if handler is None:
            return _no_such(method, request.path, (*self._open, *self._inside))
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
        if not asked.inside and (method, request.path) not in self._open:
            if request.path.startswith("/part/"):
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

    def _page(self, asked: Asked, key: str, fill: Callable[[Element, Visit], None]) -> Answer:
        visit = asked.visit(says=True)
        whole, main = page(self._config, visit, asked.words(key))
        fill(main, visit)
        return Answer(text_of(whole))

    def _known(self) -> Known:
        return Known(self._config, self._figures, self._ear.told())

    def _overview(self, asked: Asked) -> Answer:
        return self._page(
            asked, "overview", lambda main, visit: overview(main, visit, self._known())
        )

    def _part(self, asked: Asked, name: str) -> Answer:
        root = Element("div")
        part(root, name, asked.visit(), self._known())
        return Answer(as_text(root[0], "html"))

    def _report(self, asked: Asked) -> Answer:
        return self._page(asked, "report", lambda main, visit: report_page(
            main, self._config, visit, self._figures, asked.request.query))  # fmt: skip

    def _file(self, asked: Asked, ending: str) -> Answer:
        try:
            return file_of(ending, self._config, self._figures, asked.request.query)
        except UserError as error:
            return refusal(HTTPStatus.NOT_FOUND, str(error))

    def _notice(self, asked: Asked) -> Answer:
        try:
            text = notice_page(facts_of(self._config), [catalogue(asked.words.language)])
        except UserError as error:
            why = f"{asked.words('no_notice')} {error}."
            return self._page(asked, "notice", lambda main, _: _paragraph(main, why))
        policy = f"{NOTICE_POLICY}; frame-ancestors 'none'"
        return Answer(text, headers=(("Content-Security-Policy", policy),))

    def _login_form(self, asked: Asked) -> Answer:
        if asked.inside:
            return redirect("/")
        return self._page(asked, "log_in", _ask_for_password)

    def _log_in(self, asked: Asked) -> Answer:
        if not self._sessions.may_try(asked.request.client):
            return refusal(HTTPStatus.TOO_MANY_REQUESTS, asked.words("too_often"))
        visitor = self._sessions.log_in(asked.request.form.get("password", ""))
        if visitor is None:
            log.warning("a wrong password from %s", asked.request.client)
            self._sessions.say(asked.visitor, Said("said_wrong_password"))
            return redirect("/login")
        return redirect("/", cookie(asked.cookie, visitor))

    def _log_out(self, asked: Asked) -> Answer:
        self._sessions.log_out(asked.visitor)
        return redirect("/login", cookie(asked.cookie, self._sessions.new()))

    def _order(self, asked: Asked, verb: str) -> Answer:
        if verb not in self._config.commands.verbs:
            return refusal(HTTPStatus.FORBIDDEN, f"{verb} is not among commands.verbs")
        error = self._ear.ask(cast(Literal["pause", "resume"], verb))
        said = Said(f"said_not_{verb}d", error) if error else Said(f"said_{verb}d")
        self._sessions.say(asked.visitor, said)
        return redirect("/")


def _ask_for_password(main: Element, visit: Visit) -> None:
    form = add(main, "form", method="post", action="/login", class_="login")
    add(form, "input", type="hidden", name=TOKEN, value=visit.token)
    add(form, "label", visit.words("password"), for_="password")
    add(form, "input", type="password", name="password", id="password", required="",
        autocomplete="current-password", maxlength="256")  # fmt: skip
    add(form, "button", visit.words("log_in"), type="submit")


def _from_here_again() -> Answer:
    """The same once more, asked for by a page of ours.

    A browser keeps our cookie back where a link on another site leads here; without this whoever
    follows one would be given a new cookie, and be logged out by it.
    """
    return Answer('<!DOCTYPE html><title>…</title><meta http-equiv="refresh" content="0">')


def _paragraph(main: Element, text: str) -> None:
    add(main, "p", text)


def _static(name: str) -> Answer:
    body, kind = STATIC[name]
    return Answer(body, kind, headers=(("Cache-Control", "max-age=600"),))


def _no_such(method: str, path: str, routes: Iterable[tuple[str, str]]) -> Answer:
    allowed = [known for known, at in routes if at == path]
    if allowed:
        answer = refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} does nothing here")
        return answer._replace(headers=(("Allow", ", ".join(allowed)),))
    return refusal(HTTPStatus.NOT_FOUND, "there is no such page")
