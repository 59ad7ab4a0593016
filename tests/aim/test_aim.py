"""The command as an installer uses it: a real vision, a pipe, a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

import pyte
import pytest

from edge.aim.places import Places
from edge.aim.screen import Board
from edge.aim.terminal import wait
from edge.config.people import Space
from edge.messages.aim import SeenFace, Sight
from tests.main_job.program import COMMAND, run, start, wait_for

COLUMNS, ROWS = 100, 30
LEFT = b"\x1bOD"
"""As a terminal sends it to a program that asked for its keypad (xterm's kcub1)."""
CONFIG = """[source]
uri = "{clip}"
realtime = true
[device]
site = "shop"
name = "door"
[paths]
state = "{folder}/state"
runtime = "{folder}/run"
"""


@pytest.fixture
def vision(demo_clip, tmp_path):
    """A vision that looks at the demo's clip; its configuration."""
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(clip=demo_clip, folder=tmp_path))
    process = start("vision", "--config", config, stdout=subprocess.DEVNULL)
    wait_for((tmp_path / "run" / "aim.sock").exists, "vision's door")
    yield config
    process.terminate()
    process.wait(30)
    process.stderr.close()


class Terminal:
    """`agender-edge aim` on a terminal as people have it."""

    def __init__(self, config: Path, *more: str) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        self.process = subprocess.Popen(
            [*COMMAND, "aim", "--config", str(config), *more],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env=os.environ | {"TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(theirs)

    def shows(self, words: str, within_s: float = 30) -> str:
        """Read the screen until it shows this."""
        until_s = time.monotonic() + within_s
        while words not in (text := "\n".join(self._screen.display)):
            left_s = until_s - time.monotonic()
            assert left_s > 0, f"{words!r} is not on\n{text}"
            if select.select([self._ours], [], [], min(left_s, 1))[0]:
                self._stream.feed(self._read())
        return text

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _read(self) -> bytes:
        try:
            return os.read(self._ours, 65_536)
        except OSError:  # it has ended
            return b""


@pytest.fixture
def terminal(vision):
    opened = []

    def begin(*more: str) -> Terminal:
        opened.append(Terminal(vision, *more))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


@pytest.mark.slow
def test_a_program_reads_boxes_and_never_a_picture(vision):
    """Whole numbers and words of a short list, within the rate, until the time is over."""
    done = run("aim", "--config", vision, "--for", "6", "--json")
    assert done.returncode == 0, done.stderr
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    faces = [face for look in looks for face in look["faces"]]
    assert faces
    assert len(looks) <= 6 * 20
    assert {type(value) for face in faces for value in face} == {int, str}
    assert {face[4] for face in faces} <= {"good", "small", "aside", "cut"}
    assert max(len(line) for line in done.stdout.splitlines()) < 1_000


@pytest.mark.slow
def test_a_line_is_placed_with_arrows_and_vision_takes_it_at_once(terminal, vision):
    """Written beside the configuration; the next windows tell of it, the screen goes on."""
    shown = terminal("--for", "120")
    shown.shows("px are needed")
    shown.type(b"l" + LEFT * 5 + b"edoor\n")
    shown.shows("door: corner at 0.45 0.30, not written")
    shown.type(b"w")
    shown.shows("vision has taken them")
    shown.type(b"m")
    shown.shows("px are needed")
    places = vision.with_suffix(".space.toml")
    assert 'name = "door", start = [0.45, 0.3]' in places.read_text()
    told = run("config", "show", "--config", vision).stdout
    assert 'name = "door"' in told
    shown.type(b"eDOOR\nw")
    shown.shows("space.lines[0].name")
    shown.type(b"q")
    shown.shows("q again leaves them")
    shown.type(b"q")
    assert shown.process.wait(20) == 0
    assert 'name = "door"' in places.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_however_it_ends_vision_shows_nothing_any_more(terminal, vision, number):
    """And another may aim."""
    shown = terminal()
    shown.shows("in focus")
    shown.type(b"z")
    shown.shows("zone_1, to count")
    shown.process.send_signal(number)
    assert shown.process.wait(20) == 130
    shown.shows("# Not written; w writes them in time:")
    shown.shows('name = "zone_1", polygon = [[0.35, 0.35]')
    assert run("aim", "--config", vision, "--for", "1").returncode == 0


@pytest.mark.slow
def test_places_that_vision_does_not_take_are_those_of_before(terminal, vision):
    """A configuration that has become wrong meanwhile: the sentence is shown, the file is back."""
    places = vision.with_suffix(".space.toml")
    places.write_text("[space]\nzones = []\n")
    shown = terminal()
    shown.shows("in focus")
    vision.write_text(vision.read_text() + "[detector]\nmodel = 'nothing'\n")
    shown.type(b"lw")
    shown.shows("there is no model 'nothing'")
    assert places.read_text() == "[space]\nzones = []\n"
    assert [file.name for file in places.parent.glob(".config*")] == []


@pytest.mark.parametrize("term", ["dumb", "no-such-terminal", None])
def test_a_terminal_that_cannot_be_drawn_on_is_told_in_words(term):
    """A serial console, a terminal whose description is not installed, none at all."""
    ours, theirs = pty.openpty()
    name = {} if term is None else {"TERM": term}
    kept = {key: value for key, value in os.environ.items() if key != "TERM"}
    done = subprocess.run(
        [*COMMAND, "aim", "--set", "paths.runtime=/nowhere"],
        stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True, env=kept | name,
        check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert f"TERM={term or ''} cannot be drawn on" in done.stderr
    assert "no vision is running there" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_with_an_end_closed_it_does_what_it_can(closed):
    """As a service manager or a script may start it."""
    command = " ".join([*COMMAND, "aim", "--set", "paths.runtime=/nowhere", closed])
    done = subprocess.run(["sh", "-c", command], check=False, stderr=subprocess.PIPE, text=True)
    assert "no vision is running there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_that_is_gone_ends_it(monkeypatch):
    """Instead of being asked for keys for ever, where nobody sent a signal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as keyboard:
        monkeypatch.setattr("sys.stdin", keyboard)
        wait([], 0.01)
        os.close(ours)
        with pytest.raises(KeyboardInterrupt):
            wait([], 0.01)


def test_what_was_seen_long_ago_is_shown_no_longer():
    """A camera that gives no frame: no box of before stands there as if it were now."""
    board = Board(Places(Space()), lambda _places: "")
    face = SeenFace(100, 100, 60, 80, "good")
    board.sight = Sight(
        width=640, height=360, ends_in_s=9, face_min_px=20, faces=(face,), light=100, moving=0,
        trouble="", looks=0, turned=0, passed=(),
    )  # fmt: skip
    assert "1 good" in "\n".join(board.lines(80, 24))
    board.blind = True
    shown = "\n".join(board.lines(80, 24))
    assert "no frame for some seconds" in shown
    assert "1 good" not in shown
    assert " g " not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--for", "0"), "--for 0: from 1 to 3600 seconds"),
        (("--set", "paths.runtime=/nowhere"), "no vision is running there; start it first"),
    ],
)
def test_what_cannot_be_is_a_sentence(arguments, said):
    """And an exit status."""
    done = run("aim", *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
