"""Who is shown what by `aim --page`: attacks on the way between page and vision."""

from __future__ import annotations

import os
import pwd
import stat
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from edge.aim import for_browser
from edge.aim.for_browser import LEASE_S, STALE_S, Showing, show
from edge.config.page import Page
from edge.config.people import Space
from edge.config.tables import Config, Paths
from edge.errors import ConfigError, UserError
from edge.messages.aim import Applied, Keep, Look, Refused, Shown
from edge.messages.aim_door import PageAimDoor, PageAimLine
from edge.messages.request_door import Asked
from tests.aim.test_door import NOBODY, Vision, as_user, needs_root

PAGE_USER = 4_711
OTHER_CODE = "0" * 16


@pytest.fixture
def seeing(tmp_path):
    """A vision without people, k = 5: only root may aim."""
    vision = Vision(tmp_path, k=5)
    yield vision
    vision.close()


@pytest.fixture
def config(tmp_path) -> Config:
    return Config(page=Page(enabled=True), paths=Paths(runtime=str(tmp_path)))


@pytest.fixture
def clock(monkeypatch):
    """Seconds to move on by."""
    ahead = SimpleNamespace(s=0.0)
    before = time.monotonic
    monkeypatch.setattr(for_browser, "time", SimpleNamespace(monotonic=lambda: before() + ahead.s))
    return ahead


@pytest.fixture
def showing(config, seeing, monkeypatch):
    monkeypatch.setattr(
        pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid={"agender-page": PAGE_USER}[name])
    )
    made = Showing(config, None, time.monotonic() + 60)
    yield made
    made.let_go()


def code(showing: Showing) -> str:
    return showing.address.partition("#")[2]


def asked(record, user: int = PAGE_USER) -> Asked:
    return Asked(record, user, SimpleNamespace())  # type: ignore[arg-type]


def look(showing: Showing, seeing: Vision):
    """Ask, let vision see a frame, and ask again."""
    showing.answer(asked(Look(code=code(showing))))
    seeing.aiming._shown_s = 0.0
    seeing.step()
    showing.hear()
    return showing.answer(asked(Look(code=code(showing))))


@needs_root
def test_who_has_the_code_is_shown_what_vision_shows(showing, seeing):
    """And vision is asked for nothing before."""
    seeing.step()
    assert not seeing.aiming.active
    told = look(showing, seeing)
    assert isinstance(told, Shown)
    assert told.sight is not None
    assert told.space == Space()
    assert 0 < told.ends_in_s <= 60


@pytest.mark.parametrize("user", [NOBODY, 1, -1])
def test_no_other_user_is_answered_though_he_has_the_code(showing, seeing, user):
    """The publisher, taken over, may send to this socket too."""
    for record in (Look(code=code(showing)), Keep(code=code(showing), space=Space())):
        told = showing.answer(asked(record, user))
        assert told == Refused(error="only the page may ask")
    seeing.step()
    assert not seeing.aiming.active


def test_another_code_is_refused_and_vision_is_not_asked(showing, seeing):
    """Of a browser that was left open since another aiming, or of whoever guesses."""
    for record in (Look(code=OTHER_CODE), Keep(code=OTHER_CODE, space=Space())):
        assert isinstance(showing.answer(asked(record)), Refused)
    seeing.step()
    assert not seeing.aiming.active


def test_each_sitting_has_a_code_of_its_own(config):
    """64 bits that nobody can foresee."""
    assert len({Showing(config, None, 0.0).address for _ in range(50)}) == 50


@needs_root
def test_a_browser_that_has_gone_ends_it(showing, seeing, clock):
    """Vision shows nothing on, and what it showed is forgotten."""
    assert look(showing, seeing).sight is not None
    clock.s = LEASE_S + 1
    showing.hear()
    seeing.aiming._shown_s = 0.0
    seeing.step()
    assert not seeing.aiming.active
    assert showing._sight is None


@needs_root
def test_an_old_look_is_not_shown(showing, seeing, clock, monkeypatch):
    """Where the camera stands still."""
    assert look(showing, seeing).sight is not None
    monkeypatch.setattr(for_browser, "LEASE_S", 100.0)
    clock.s = STALE_S + 1
    assert showing.answer(asked(Look(code=code(showing)))).sight is None


@needs_root
def test_a_privacy_pause_ends_it(showing, seeing):
    """With vision's sentence; what was seen before is gone."""
    assert look(showing, seeing).sight is not None
    seeing.loop.paused = True
    seeing.step()
    with pytest.raises(UserError, match="paused"):
        showing.hear()
    assert showing._sight is None


def test_without_a_vision_there_is_a_sentence(config, showing, seeing):
    """To the browser."""
    seeing.close()
    told = showing.answer(asked(Look(code=code(showing))))
    assert isinstance(told, Refused)
    assert "no vision is running" in told.error


@needs_root
def test_places_are_written_by_vision_s_leave(tmp_path, config, monkeypatch):
    """Where it refuses, the file is as before; without a file there is none to write beside."""
    written = tmp_path / "config.space.toml"
    showing = Showing(config, None, time.monotonic() + 60)
    kept = Keep(code=code(showing), space=Space())
    assert "no configuration file" in showing.answer(asked(kept, 0)).error
    (tmp_path / "config.toml").write_text("")
    showing = Showing(config, tmp_path / "config.toml", time.monotonic() + 60)
    kept = Keep(code=code(showing), space=Space())
    assert isinstance(showing.answer(asked(kept, 0)), Refused)
    assert not written.exists()
    monkeypatch.setattr(for_browser, "keep", lambda space, file, runtime: written)
    assert showing.answer(asked(kept, 0)) == Applied()


@needs_root
def test_its_door_is_for_the_group_and_no_link_is_followed(tmp_path):
    """Root makes it in a folder that services write."""
    victim = tmp_path / "victim"
    victim.write_text("not to be touched")
    victim.chmod(0o600)
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "aim.sock").symlink_to(victim)
    with PageAimDoor(tmp_path):
        door = (tmp_path / "page" / "aim.sock").lstat()
        assert stat.S_ISSOCK(door.st_mode)
        assert stat.S_IMODE(door.st_mode) == 0o660
    assert victim.read_text() == "not to be touched"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600


@needs_root
def test_the_kernel_says_who_asks(tmp_path):
    """Not the request."""
    with ExitStack() as stack:
        door = stack.enter_context(PageAimDoor(tmp_path))
        for path in (tmp_path, *tmp_path.parents[:-2], tmp_path / "page"):
            path.chmod(0o777)
        (tmp_path / "page" / "aim.sock").chmod(0o666)

        def ask() -> str:
            with PageAimLine(tmp_path, Look(code=OTHER_CODE)) as line:
                return str(line.receive(0))

        as_user(NOBODY, ask)
        stack.enter_context(PageAimLine(tmp_path, Look(code=OTHER_CODE)))
        assert [one.user for one in door.receive()] == [NOBODY, os.geteuid()]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"page": Page()}, "page.enabled = false"),
        ({"paths": Paths(runtime="/proc/x")}, "paths.runtime"),
    ],
)
def test_what_cannot_begin_is_a_sentence(config, change, says):
    """Before anything is printed."""
    with pytest.raises(ConfigError, match=says):
        show(replace(config, **change), Path("x"), 0.0)
