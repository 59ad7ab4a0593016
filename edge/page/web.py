"""A request as the server hands it over (WSGI, PEP 3333), and an answer to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

Environ = Mapping[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]

BODY_MAX = 16_384
"""Bytes of a form; the server refuses a longer one before it is read."""
FIELDS_MAX = 8
HEAD_MAX = 8_192
"""Bytes of a request's head, likewise."""
FORWARDED = frozenset(
    f"HTTP_{name}"
    for name in ("FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_REAL_IP")
)
HTML = "text/html; charset=utf-8"


class Request(NamedTuple):
    """What is asked; where something is malformed it is absent."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    cookies: Mapping[str, str]
    host: str
    """Name or address and port, as the browser has them."""
    origin: str | None
    client: str
    languages: str
    forwarded: bool
    """Whether a proxy says that it asks for somebody else."""
    site: str
    """Whose page asks, as the browser says (Sec-Fetch-Site); empty where it does not."""


class Answer(NamedTuple):
    """What is answered; `headers` come beside those that every answer has."""

    body: str = ""
    kind: str = HTML
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = ()


def read(environ: Environ) -> Request:
    """The request in its parts; the body only of a form's length."""
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/"),
        query=_fields(environ.get("QUERY_STRING", "")),
        form=_form(environ),
        cookies=_cookies(environ.get("HTTP_COOKIE", "")),
        host=environ.get("HTTP_HOST", "").lower(),
        origin=environ.get("HTTP_ORIGIN"),
        client=environ.get("REMOTE_ADDR", ""),
        languages=environ.get("HTTP_ACCEPT_LANGUAGE", "")[:200],
        forwarded=not FORWARDED.isdisjoint(environ),
        site=environ.get("HTTP_SEC_FETCH_SITE", ""),
    )


def _form(environ: Environ) -> Mapping[str, str]:
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip()
    if environ["REQUEST_METHOD"] != "POST" or kind != "application/x-www-form-urlencoded":
        return {}
    body: bytes = environ["wsgi.input"].read(BODY_MAX)
    return _fields(body.decode("ascii", "replace"))


def _fields(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def _cookies(text: str) -> dict[str, str]:
    """As browsers send them (RFC 6265, 5.4), each by itself.

    Those of other programs on this address come too; what is odd about them is to hide none of
    ours.
    """
    pairs = (each.partition("=") for each in text[:HEAD_MAX].split(";"))
    return {name.strip(): value.strip() for name, found, value in pairs if found}


def redirect(path: str, *headers: tuple[str, str]) -> Answer:
    """Go there, with GET."""
    return Answer(status=HTTPStatus.SEE_OTHER, headers=(("Location", path), *headers))


def refusal(status: HTTPStatus, sentence: str) -> Answer:
    """No page: a sentence for a person, or a program."""
    return Answer(f"{sentence}\n", "text/plain; charset=utf-8", status)


def cookie(name: str, value: str, *, max_age_s: int | None = None) -> tuple[str, str]:
    """The header that sets a cookie no script can read and no other site can have sent."""
    age = "" if max_age_s is None else f"; Max-Age={max_age_s}"
    return "Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{age}"


def download(body: str, kind: str, name: str) -> Answer:
    """A file to keep."""
    quoted = json.dumps(name)
    return Answer(body, kind, headers=(("Content-Disposition", f"attachment; filename={quoted}"),))
