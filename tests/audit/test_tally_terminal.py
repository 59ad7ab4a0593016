"""A tally at a real pseudo-terminal: keys, signals, and every way to end."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
from pathlib import Path

import pytest

from edge.tally import file
from edge.tally.terminal import Keyboard
from tests.audit.support import names_in
from tests.audit.tallying import SHORT, counted, piped
from tests.main_job.program import COMMAND, wait_for


def take_terminal():
    """Make standard input the session's controlling terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """`agender-edge tally` on a pseudo-terminal of 40 columns."""

    def __init__(self, path: Path, *more: str, own: bool = True) -> None:
        """`own`: whether it is the controlling terminal, whose loss is told by a SIGHUP."""
        self.path = path
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 40))
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.process = subprocess.Popen(
            [*COMMAND, "tally", "--out", str(path), *SHORT, *more],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=take_terminal if own else None,  # noqa: PLW1509 - there are no threads
            env=os.environ | {"TERM": "dumb"},
        )  # fmt: skip
        self.text = ""
        self.until("q end")

    def until(self, words: str) -> str:
        """Read the screen until it shows this."""
        while words not in self.text:
            assert select.select([self.ours], [], [], 30)[0], f"{words!r} is not in {self.text!r}"
            more = os.read(self.ours, 4_096)
            assert more, self.text
            self.text += more.decode()
        return self.text

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def end(self) -> int:
        return self.process.wait(20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.ours, self.theirs):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def open_one(*more, own=True):
        opened.append(Terminal(tmp_path / "tally.json", *more, own=own))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def test_keys_at_a_terminal_are_counted_and_not_shown(terminal):
    """The sums are; at the end the terminal is as it was, and no line says when anything was."""
    shown = terminal()
    shown.type("wwm")
    shown.until("all 3")
    shown.type("u")
    shown.until("all 4")
    shown.type("q")
    assert shown.end() == 0
    assert termios.tcgetattr(shown.theirs) == shown.before
    text = shown.until("4 people in")
    lasting = [re.split(r"\r(?!\n)", line)[-1] for line in text.replace("\r\n", "\n").split("\n")]
    assert not any(re.search(r"\d\d:\d\d", line) for line in lasting)
    assert all(
        len(line) < 40 for line in text.replace("\r", "\n").split("\n") if "people in" not in line
    )
    assert "\x1b" not in text
    assert counted(shown.path)["female"] == 2
    assert counted(shown.path)["people"] == 4


@pytest.mark.parametrize("keys", ["q", "\x03", "\x04"], ids=["q", "Ctrl-C", "Ctrl-D"])
def test_every_key_that_ends_keeps_what_was_pressed(terminal, keys):
    shown = terminal()
    shown.type("wm")
    shown.until("all 2")
    shown.type(keys)
    assert shown.end() == 0
    assert counted(shown.path)["people"] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_keeps_what_was_pressed(terminal, number):
    shown = terminal()
    shown.type("wm")
    shown.until("all 2")
    shown.process.send_signal(number)
    assert shown.end() == 0
    assert counted(shown.path)["people"] == 2
    assert names_in(shown.path.parent) == [shown.path.name]


@pytest.mark.parametrize("own", [True, False])
def test_a_lost_terminal_keeps_what_was_pressed(terminal, own):
    """The connection broke: both ends are gone; a SIGHUP comes where it was the session's own."""
    shown = terminal(own=own)
    shown.type("wm")
    shown.until("all 2")
    for descriptor in (shown.theirs, shown.ours):
        os.close(descriptor)
    shown.ours = shown.theirs = -1
    shown.end()
    assert counted(shown.path)["people"] == 2


def test_input_that_fails_is_an_end(monkeypatch):
    """As a terminal that has become another session's."""

    def fails(*_):
        raise OSError(errno.EIO, "Input/output error")

    reading, writing = os.pipe()
    silent = os.pipe()
    os.write(writing, b"w")
    monkeypatch.setattr("edge.tally.terminal.os.read", fails)
    try:
        assert Keyboard(reading, silent[0]).read(0) is None
    finally:
        for descriptor in (reading, writing, *silent):
            os.close(descriptor)


def test_suspending_is_not_possible(terminal):
    """Who suspends it watches no more: Ctrl-Z is a key that means nothing.

    A program of a session of its own would not be stopped by it anyway, so the terminal is asked.
    """
    shown = terminal()
    assert shown.before[6][termios.VSUSP] == b"\x1a"
    assert termios.tcgetattr(shown.theirs)[6][termios.VSUSP] == b"\x00"
    shown.type("\x1aw")
    shown.until("all 1")
    shown.type("q")
    assert shown.end() == 0


def test_a_kill_in_the_midst_keeps_all_bins_that_had_ended(terminal):
    """And the tally goes on in the same file."""
    shown = terminal()
    shown.type("www")
    wait_for(lambda: file.read(shown.path).people == 3, "the bin to be written")
    shown.process.kill()
    shown.end()
    assert counted(shown.path)["people"] == 3
    done = piped("m", "--out", str(shown.path))
    assert done.returncode == 0, done.stderr
    assert counted(shown.path)["people"] == 4


def test_nothing_is_written_between_the_ends_of_bins(terminal):
    """A file that changed with each key would tell when people came."""
    shown = terminal("--set", "window.length_s=3600")
    before = shown.path.read_bytes(), shown.path.stat().st_mtime_ns
    shown.type("wmw")
    shown.until("all 3")
    assert (shown.path.read_bytes(), shown.path.stat().st_mtime_ns) == before
