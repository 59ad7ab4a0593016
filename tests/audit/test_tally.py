"""The command as an auditor uses it: a real pseudo-terminal, a pipe, and every way to end."""

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

from edge.cli import main
from edge.tally import file
from edge.tally.terminal import Keyboard
from edge.tally.verb import Session
from tests.audit.support import names_in
from tests.main_job.program import COMMAND, run, wait_for

DOOR = ("--site", "shop", "--device", "door")
SHORT = ("--set", "window.length_s=1", *DOOR)
"""Windows of a second, so that some end while a test looks on."""


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


def counted(path):
    found = file.read(path)
    return {key: sum(each.counts.get(key, 0) for each in found.bins) for key in found.keys} | {
        "bins": len(found.bins)
    }


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


def piped(keys, *more):
    return subprocess.run(
        [*COMMAND, "tally", *SHORT, *more],
        input=keys, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_keys_of_a_pipe_are_counted(tmp_path):
    """Lines or not, undone or not; what means nothing is told and not counted."""
    path = tmp_path / "tally.json"
    done = piped("ww\nm u\nz x\n", "--out", str(path))
    assert done.returncode == 0
    assert "4 people" not in done.stderr and "3 people in" in done.stderr
    assert "mean nothing here: 1 key\n" in done.stderr
    assert counted(path)["gender_unknown"] == 0
    assert done.stdout == ""


def test_a_pipe_goes_through_several_bins(tmp_path):
    """Each key is in the bin in which it was read, and bins between them are there too."""
    path = tmp_path / "tally.json"
    process = subprocess.Popen(
        [*COMMAND, "tally", *SHORT, "--out", str(path)], stdin=subprocess.PIPE, stderr=-1, text=True
    )
    process.stdin.write("w")
    process.stdin.flush()
    wait_for(lambda: path.exists() and len(file.read(path).bins) >= 3, "three bins")
    _, told = process.communicate("m")
    found = file.read(path)
    assert process.returncode == 0, told
    assert found.people == 2
    assert found.bins[0].counts == {"people": 1, "female": 1}
    assert any(each.whole and not each.counts for each in found.bins)


def test_closed_input_is_refused_in_a_sentence(tmp_path):
    """As of a service without one."""
    command = f"{' '.join(COMMAND)} tally --out {tmp_path}/tally.json <&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "closed" in done.stderr


def test_a_second_signal_does_not_lose_what_the_first_one_keeps(tmp_path, monkeypatch):
    """Whoever presses Ctrl-C twice, the second time while the file is written."""
    written = file.write

    def interrupted(path, tally):
        os.kill(os.getpid(), signal.SIGINT)
        written(path, tally)

    path = tmp_path / "tally.json"
    path.write_text("")
    (tmp_path / "keys").write_text("wm")
    with (tmp_path / "keys").open() as keys:
        monkeypatch.setattr("sys.stdin", keys)
        monkeypatch.setattr(Session, "keep", during(Session.keep, monkeypatch, interrupted))
        with pytest.raises(SystemExit) as ended:
            main(["tally", "--out", str(path), *SHORT])
    assert ended.value.code == 0
    assert counted(path)["people"] == 2


def during(keep, monkeypatch, write):
    """`keep`, whose writing is another."""

    def kept(session):
        monkeypatch.setattr(file, "write", write)
        return keep(session)

    return kept


def test_a_tally_of_nobody_is_a_tally(tmp_path):
    """No key at all, and no bin was watched whole."""
    path = tmp_path / "tally.json"
    assert piped("", "--out", str(path)).returncode == 0
    assert file.read(path).people == 0


def test_without_a_name_it_lies_here_under_the_device_s_name_and_the_day(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    assert piped("w").returncode == 0
    (found,) = tmp_path.iterdir()
    assert re.fullmatch(r"tally-shop-door-\d{4}-\d\d-\d\d\.json", found.name)


def refused(tmp_path, monkeypatch, capsys, *flags):
    """What the command says, in this process, where it should not begin."""
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123 - the test's end
    with pytest.raises(SystemExit) as ended:
        main(["tally", "--out", str(tmp_path / "tally.json"), *flags])
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert ended.value.code == 2, told
    return told


DEVICE = '[device]\nsite = "shop"\nname = "door"\n[window]\nlength_s = 900\n[privacy]\nk = 5\n'


def test_overrides_make_no_tally_finer_than_the_device(tmp_path):
    """Neither in what is kept of people, nor in time."""
    own = tmp_path / "config.toml"
    own.write_text(DEVICE)
    path = tmp_path / "tally.json"
    flags = ("--config", str(own), "--set", "privacy.k=1", "--window-s", "60", "--out", str(path))
    done = run("tally", *flags, environment={"PYTHONPATH": str(Path(__file__).parents[2])})
    assert done.returncode == 0, done.stderr
    found = file.read(path)
    assert (found.k, found.window_s, found.keys) == (5, 900, {"people"})


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--set", "privacy.epsilon=1"), "noise"),
        (("--set", "privacy.k=5", "--bands"), "--bands"),
        (("--set", "window.timezone=Nowhere"), "time zone"),
    ],
)
def test_a_tally_that_may_not_be_is_refused(tmp_path, monkeypatch, capsys, flags, word):
    """Beside noise every exact number is one too many; under k there are no ages."""
    assert word in refused(tmp_path, monkeypatch, capsys, *flags)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--window-s", "120"), "window_s"),
        (("--device", "till"), "device"),
        (("--set", "privacy.k=5"), "another k"),
        (("--bands",), "bands"),
    ],
)
def test_a_tally_goes_on_by_the_same_rules_only(tmp_path, monkeypatch, capsys, flags, word):
    """The window's length was changed in between, or it is another device: choose another file."""
    path = tmp_path / "tally.json"
    file.write(path, file.Tally(site="shop", device="door", timezone="", window_s=60, k=1))
    before = path.read_bytes()
    told = refused(tmp_path, monkeypatch, capsys, *DOOR, *flags)
    assert word in told and "--out" in told
    assert path.read_bytes() == before


def test_a_damaged_file_is_not_written_over(tmp_path, monkeypatch, capsys):
    path = tmp_path / "tally.json"
    path.write_text('{"format": "agender-tally", "vers')
    refused(tmp_path, monkeypatch, capsys, *SHORT)
    assert path.read_text() == '{"format": "agender-tally", "vers'


def test_a_file_that_was_never_begun_is_begun(tmp_path):
    """An empty one, as `mktemp` makes it."""
    path = tmp_path / "tally.json"
    path.touch()
    assert piped("w", "--out", str(path)).returncode == 0
    assert file.read(path).people == 1


def test_where_nothing_can_be_written_nobody_begins_to_count(tmp_path, monkeypatch, capsys):
    assert "No such file" in refused(tmp_path / "none", monkeypatch, capsys, *SHORT)


def test_a_disk_that_fills_up_meanwhile_loses_nothing(tmp_path, monkeypatch, capsys):
    """The tally is printed instead, and the status says so."""
    written, reading = file.write, os.open(os.devnull, os.O_RDONLY)

    def full(path, tally):
        if tally.people:
            raise OSError(28, "No space left on device")
        written(path, tally)

    monkeypatch.setattr(file, "write", full)
    monkeypatch.setattr("edge.tally.terminal.os.read", lambda *_: keys.pop() if keys else b"")
    keys = [b"wwm"]
    monkeypatch.setattr("sys.stdin", os.fdopen(reading))
    with pytest.raises(SystemExit) as ended:
        main(["tally", "--out", str(tmp_path / "tally.json"), *SHORT])
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "No space left" in told.err
    (tmp_path / "printed.json").write_text(told.out)
    assert file.read(tmp_path / "printed.json").people == 3
