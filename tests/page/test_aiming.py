"""Aiming in a browser: a real vision, a real page, `aim --page` between them, a mouse."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.main_job.program import start
from tests.page.browser import Browser
from tests.page.support import Visitor, listens, verb
from tests.page.test_browser import looked_at
from tests.publish.support import free_port, spawn, wait_for

pytestmark = pytest.mark.slow

CONFIG = """[source]
uri = "{clip}"
realtime = true
repeat = 100000
[device]
site = "shop"
name = "door"
[page]
enabled = true
port = {port}
{page}
[paths]
state = "{folder}/state"
runtime = "{folder}/run"
[[space.zones]]
name = "till"
polygon = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]
"""
WRITTEN = "config.space.toml"


class Aimed(NamedTuple):
    """What runs, and the address that was printed."""

    folder: Path
    port: int
    address: str
    aim: subprocess.Popen[str]


@contextmanager
def aimed(folder: Path, clip: str, page: str = "") -> Iterator[Aimed]:
    """Vision, page and `aim --page`."""
    port = free_port()
    text = CONFIG.format(clip=clip, port=port, folder=folder, page=page)
    (folder / "config.toml").write_text(text)
    with ExitStack() as stack:
        for name in ("vision", "page"):
            process = spawn(verb(name, folder), stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        wait_for(lambda: listens(port), 20, "the page")
        wait_for((folder / "run" / "aim.sock").exists, 30, "vision's door")
        aim = start("aim", "--page", "--config", folder / "config.toml")
        stack.callback(aim.communicate)
        stack.callback(aim.terminate)
        assert aim.stdout is not None
        yield Aimed(folder, port, aim.stdout.readline().strip(), aim)


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory, demo_clip: Path) -> Iterator[Aimed]:
    """One that these tests share."""
    with aimed(tmp_path_factory.mktemp("aimed"), str(demo_clip)) as running:
        yield running


@pytest.fixture
def seen(browser: Browser, sitting: Aimed) -> Browser:
    """A browser at the address that was printed, once it shows places."""
    browser.see_as(1280, "light")
    browser.driver.get("about:blank")
    browser.driver.get(sitting.address)
    handles = "return document.querySelectorAll('.handle').length"
    wait_for(lambda: browser.run(handles), 20, "places")
    # Vision may be starting with the places of the test before.
    told = "return document.querySelector('#aim-seen').textContent"
    wait_for(lambda: "light" in browser.run(told), 40, "the view in words")
    return browser


def said(browser: Browser) -> str:
    return str(browser.run("return document.querySelector('#aim-said').textContent"))


def test_faces_are_boxes_in_an_empty_frame(seen: Browser, sitting: Aimed) -> None:
    """With a word for each; nowhere is a picture."""
    boxes = "return [...document.querySelectorAll('rect.face')].map(each => each.getBBox().width)"
    wait_for(lambda: seen.run(boxes), 30, "a face")
    assert all(width > 0 for width in seen.run(boxes))
    assert seen.run("return document.querySelectorAll('img, image, canvas, video').length") == 0


def test_axe_finds_nothing(seen: Browser, sitting: Aimed) -> None:
    """Small and large, light and dark."""
    for width, scheme in ((360, "light"), (1280, "dark")):
        seen.see_as(width, scheme)
        assert looked_at(seen) == []
        assert seen.run("return document.documentElement.scrollWidth") <= width


def test_a_corner_is_dragged_and_written(seen: Browser, sitting: Aimed) -> None:
    """Vision takes it, and the file beside the configuration has it."""
    centre = """
        const at = [...document.querySelectorAll('.handle')].at(-1).getBoundingClientRect();
        return [at.x + at.width / 2, at.y + at.height / 2];
    """
    before = seen.run(centre)
    handle = seen.driver.find_elements("css selector", ".handle")[-1]
    ActionChains(seen.driver).drag_and_drop_by_offset(handle, 60, 30).perform()
    after = seen.run(centre)
    assert [round(after[0] - before[0]), round(after[1] - before[1])] == [60, 30]
    assert said(seen) == "Not written yet."
    press_button(seen, "write")
    wait_for(lambda: said(seen).startswith("Written"), 60, "being written")
    (zone,) = tomllib.loads((sitting.folder / WRITTEN).read_text())["space"]["zones"]
    assert zone["name"] == "till"
    assert zone["polygon"][:2] == [[0.1, 0.1], [0.4, 0.1]]
    assert zone["polygon"][2][0] > 0.4
    assert zone["polygon"][2][1] > 0.4


def test_a_line_is_made_by_keyboard(seen: Browser, sitting: Aimed) -> None:
    """New, named, moved by arrows, turned round, written; then one that can't be is refused."""
    press_button(seen, "line")
    field = seen.driver.find_element("css selector", "#aim-name")
    field.clear()
    field.send_keys("door")
    handle = seen.driver.find_element("css selector", ".handle.chosen")
    handle.send_keys(Keys.ARROW_LEFT)
    moved = seen.driver.find_element("css selector", ".handle.chosen")
    moved.send_keys(Keys.SHIFT + Keys.ARROW_DOWN)
    press_button(seen, "turn")
    press_button(seen, "write")
    wait_for(lambda: said(seen).startswith("Written"), 60, "being written")
    (line,) = tomllib.loads((sitting.folder / WRITTEN).read_text())["space"]["lines"]
    assert line["name"] == "door"
    assert (line["start"], line["end"]) == ([0.5, 0.7], [0.49, 0.35])
    before = (sitting.folder / WRITTEN).read_text()
    field.clear()
    field.send_keys("Not a name!")
    press_button(seen, "write")
    wait_for(lambda: "space.lines[0].name" in said(seen), 20, "a refusal")
    assert (sitting.folder / WRITTEN).read_text() == before


def press_button(browser: Browser, does: str) -> None:
    browser.driver.find_element("css selector", f"[data-do='{does}']").send_keys(Keys.ENTER)


def test_the_code_is_asked_for_in_nothing_that_is_logged(sitting: Aimed) -> None:
    """It stands behind #, which browsers keep to themselves."""
    assert re.fullmatch(rf"http://localhost:{sitting.port}/aim#[0-9a-f]{{16}}", sitting.address)
    command = Path(f"/proc/{sitting.aim.pid}/cmdline").read_bytes().decode()
    assert sitting.address.partition("#")[2] not in command


LOCAL = ("localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}")


@pytest.mark.parametrize(
    ("host", "code", "status"),
    [
        *((host, "{code}", 200) for host in LOCAL),
        ("localhost:{port}", "0" * 16, 409),
        ("localhost:{port}", "", 409),
        ("localhost:{port}", "../../etc/passwd", 409),
        ("192.168.1.7:{port}", "{code}", 403),
        ("{machine}:{port}", "{code}", 403),
    ],
)
def test_nobody_else_is_shown_anything(sitting: Aimed, host: str, code: str, status: int) -> None:
    """Without the code, from another machine, or by a proxy's name; and no place is written."""
    names = {"port": sitting.port, "code": sitting.address.partition("#")[2],
             "machine": os.uname().nodename.split(".")[0]}  # fmt: skip
    visitor = Visitor(sitting.port, host.format(**names))
    form = {"token": _token(visitor), "code": code.format(**names)}
    before = (sitting.folder / WRITTEN).read_text() if (sitting.folder / WRITTEN).exists() else ""
    reply = visitor.post("/aim/look", form)
    assert reply.status == status, reply.text
    if status != 200:
        assert "sight" not in reply.text
        assert visitor.post("/aim/keep", form | {"space": "{}"}).status == status
        found = sitting.folder / WRITTEN
        assert (found.read_text() if found.exists() else "") == before


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"]
)
def test_a_proxy_on_the_device_is_shown_nothing(sitting: Aimed, name: str) -> None:
    """Though it asks from there, and by the device's own name."""
    visitor = Visitor(sitting.port)
    form = {"token": _token(visitor), "code": sitting.address.partition("#")[2]}
    assert visitor.post("/aim/look", form, {name: "192.0.2.7"}).status == 403
    assert "aim.js" not in visitor.get("/aim", {name: "192.0.2.7"}).text


def _token(visitor: Visitor) -> str:
    """Of a form on a page that every name shows."""
    return visitor.token("/")


def test_no_other_site_can_ask(sitting: Aimed) -> None:
    """Without the token of this visitor, though it knew the code."""
    visitor = Visitor(sitting.port)
    visitor.get("/")
    code = {"code": sitting.address.partition("#")[2]}
    for path in ("/aim/look", "/aim/keep"):
        assert visitor.post(path, code).status == 403
        forged = code | {"token": _token(visitor)}
        assert visitor.post(path, forged, {"Origin": "http://evil.example"}).status == 403


def test_where_nobody_began_it_nothing_is_shown(tmp_path: Path, demo_clip: Path) -> None:
    """And the end of `aim --page` is the end of it."""
    with aimed(tmp_path, str(demo_clip)) as running:
        visitor = Visitor(running.port)
        form = {"token": _token(visitor), "code": running.address.partition("#")[2]}
        assert visitor.post("/aim/look", form).status == 200
        running.aim.terminate()
        running.aim.wait(20)
        reply = visitor.post("/aim/look", form)
        assert reply.status == 409
        assert "sudo agender-edge aim --page" in reply.text
        assert not (tmp_path / "run" / "page" / "aim.sock").exists()
