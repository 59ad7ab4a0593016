"""Where faces are, without a picture, and zones and lines by mouse, for a browser on this device.

The page itself may ask for none of it: it hands requests on to an `agender-edge aim --page` that
somebody began, and answers back. Where none runs there is nothing to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import msgspec

from edge.config.space_file import space_of
from edge.config.tables import Config
from edge.errors import UserError
from edge.messages.aim import FromPage, Keep, Look, Refused
from edge.messages.aim_door import PageAimLine
from edge.messages.unreadable import UNREADABLE
from edge.page.asked import Asked
from edge.page.frame import Visit
from edge.page.guard import from_this_device
from edge.page.html import Element, add
from edge.page.web import Answer, Request, refusal

LOOK_S = 2.0
KEEP_S = 70.0
"""Vision loads every model to check the configuration."""
JSON = "application/json"
CODE = re.compile("[0-9a-f]{16}")
SAID = (
    "good", "small", "aside", "cut", "dark", "covered", "blurred", "nobody", "light", "in", "out",
    "corner", "lost", "written", "unwritten", "blind",
)  # fmt: skip
"""What the script says, of faces, of the picture, and of itself."""
USES = ("count", "include", "exclude")
DOINGS = ("zone", "line", "corner", "uncorner", "turn", "delete")


def aim_page(main: Element, visit: Visit, request: Request) -> None:
    """An empty frame, and what is done with the mouse or by keyboard; filled by the script."""
    words = visit.words
    if not from_this_device(request):
        add(main, "p", words("aim_elsewhere"), role="alert")
        return
    add(main, "p", words("aim_begin"), id="aim-begin")
    said = {f"data_{key}": words(f"aim_{key}") for key in SAID}
    board = add(main, "div", id="aim", hidden="", data_token=visit.token, **said)
    add(board, "svg", viewBox="0 0 1600 900", id="aim-view", role="group",
        aria_label=words("aim_view"))  # fmt: skip
    add(board, "p", id="aim-seen", class_="remark")
    add(board, "p", id="aim-said", role="status")
    _doings(board, visit)
    add(main, "script", src="/aim.js", defer="defer")


def _doings(board: Element, visit: Visit) -> None:
    words = visit.words
    add(board, "p", words("aim_how"), class_="remark")
    bar = add(board, "div", class_="choice")
    for key in DOINGS:
        add(bar, "button", words(f"aim_do_{key}"), type="button", data_do=key)
    label = add(bar, "label", words("aim_name"))
    add(label, "input", id="aim-name", maxlength="32", pattern="[a-z0-9_]{1,32}", size="16")
    label = add(bar, "label", words("aim_use"))
    choice = add(label, "select", id="aim-use")
    for use in USES:
        add(choice, "option", words(f"aim_use_{use}"), value=use)
    add(bar, "button", words("aim_do_write"), type="button", data_do="write")


def look(config: Config, asked: Asked) -> Answer:
    """The last look and the places, for whoever has the code."""
    return _answered(config, asked, lambda code: Look(code=code), LOOK_S)


def keep(config: Config, asked: Asked) -> Answer:
    """Have places written, for whoever has the code."""
    try:
        space = space_of(msgspec.json.decode(asked.request.form.get("space", "")))
    except (UserError, *UNREADABLE) as error:
        return _refused(str(error))
    return _answered(config, asked, lambda code: Keep(code=code, space=space), KEEP_S)


def _answered(
    config: Config, asked: Asked, request: Callable[[str], FromPage], within_s: float
) -> Answer:
    """What the one who aims answers, as JSON; a refusal, as a sentence in it."""
    if not from_this_device(asked.request):
        return refusal(HTTPStatus.FORBIDDEN, asked.words("aim_elsewhere"))
    code = asked.request.form.get("code", "")
    if not CODE.fullmatch(code):
        return _refused(asked.words("aim_begin"))
    try:
        with PageAimLine(config.paths.runtime, request(code)) as line:
            told = line.receive(within_s)
    except UserError as error:
        return _refused(str(error))
    if told is None or isinstance(told, Refused):
        return _refused(told.error if told else asked.words("aim_lost"))
    return Answer(msgspec.json.encode(told).decode(), JSON)


def _refused(sentence: str) -> Answer:
    body = msgspec.json.encode({"type": "refused", "error": sentence}).decode()
    return Answer(body, JSON, HTTPStatus.CONFLICT)
