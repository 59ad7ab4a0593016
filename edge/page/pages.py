"""What is asked for → the page, part or file; and what a form does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Literal

from edge.config.tables import Config
from edge.errors import UserError
from edge.notice.catalogue import catalogue
from edge.notice.facts import facts_of
from edge.notice.page import POLICY as NOTICE_POLICY
from edge.notice.page import page as notice_page
from edge.notice.sign import as_text
from edge.page.aim_page import aim_page, keep, look
from edge.page.asked import Asked
from edge.page.ear import Ear
from edge.page.figures import Figures
from edge.page.frame import TOKEN, Visit, page, text_of
from edge.page.html import Element, add
from edge.page.overview import PARTS, Known, overview, part
from edge.page.report_page import FORMS, file_of, report_page
from edge.page.sessions import Said, Sessions
from edge.page.web import Answer, cookie, redirect, refusal

log = logging.getLogger("page")

Way = tuple[str, str]
"""Method and path."""
Handler = Callable[[Asked], Answer]


class Pages:
    """Every page of one device."""

    def __init__(self, config: Config, ear: Ear, sessions: Sessions) -> None:
        self._config, self._ear, self._sessions = config, ear, sessions
        self._figures = Figures(config)

    @property
    def outside(self) -> Mapping[Way, Handler]:
        """What everybody may ask for."""
        return {("GET", "/login"): self._login_form, ("POST", "/login"): self._log_in}

    @property
    def inside(self) -> Mapping[Way, Handler]:
        """What takes the password, where there is one."""
        return {
            ("GET", "/"): self._overview,
            ("GET", "/report"): self._report,
            ("GET", "/notice"): self._notice,
            ("GET", "/aim"): self._aim,
            ("POST", "/aim/look"): partial(look, self._config),
            ("POST", "/aim/keep"): partial(keep, self._config),
            ("POST", "/logout"): self._log_out,
            ("POST", "/pause"): partial(self._order, verb="pause"),
            ("POST", "/resume"): partial(self._order, verb="resume"),
            **{("GET", f"/part/{name}"): partial(self._part, name=name) for name in PARTS},
            **{("GET", f"/report.{e}"): partial(self._file, ending=e) for e in FORMS},
        }

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

    def _aim(self, asked: Asked) -> Answer:
        return self._page(asked, "aim", lambda main, visit: aim_page(main, visit, asked.request))

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

    def _order(self, asked: Asked, verb: Literal["pause", "resume"]) -> Answer:
        if verb not in self._config.commands.verbs:
            return refusal(HTTPStatus.FORBIDDEN, f"{verb} is not among commands.verbs")
        error = self._ear.ask(verb)
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


def _paragraph(main: Element, text: str) -> None:
    add(main, "p", text)
