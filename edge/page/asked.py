"""A request of a visitor: who they are by their cookie, and in which language to answer."""

from __future__ import annotations

from edge.page.frame import Visit
from edge.page.guard import port_of
from edge.page.sessions import Sessions, known_form
from edge.page.web import Request
from edge.page.words import wanted, words_of

LANGUAGE = "agender_language"
"""The cookie of a language that was chosen."""


class Asked:
    """A request of a visitor, and how to answer in their language."""

    def __init__(self, request: Request, sessions: Sessions) -> None:
        self.request, self._sessions = request, sessions
        # Cookies know no ports, and tunnels bring several devices to one address.
        self.cookie = f"agender_page_{port_of(request.host)}"
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
