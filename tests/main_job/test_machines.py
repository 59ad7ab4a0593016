"""Machines and users of other kinds: no home, no name, no rights, terminals of few characters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.config.home import expanded
from edge.output import PLAIN
from tests.main_job.program import COMMAND

SETPRIV = shutil.which("setpriv")
NOBODY = ("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups",
          "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")  # fmt: skip
"""A user without an entry in the password database, who may read this checkout and write nothing.

The capability to read is for checkouts and interpreters below a closed home.
"""


@pytest.fixture
def forbidden(tmp_path: Path) -> Path:
    """A folder that this user may not write."""
    if os.geteuid() != 0 or SETPRIV is None:
        pytest.skip("only root may become a user without an entry in the password database")
    tmp_path.chmod(0o755)
    folder = tmp_path / "forbidden"
    folder.mkdir(mode=0o555)
    return folder


def nobody(*arguments: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `agender-edge ARGUMENTS` as such a user."""
    unset = ("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    environment = {key: value for key, value in os.environ.items() if key not in unset}
    environment |= {"HOME": str(home)} if home else {}
    return subprocess.run(
        [*NOBODY, *COMMAND, *map(str, arguments)],
        text=True, capture_output=True, timeout=60, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("--help",), 0, ""),
        (("config", "show"), 0, ""),
        (("config", "schema"), 0, ""),
        (("config", "check"), 0, ""),
        (("run", "--source", "/etc"), 2, "paths.state: this user has no home folder"),
        (("vision", "--source", "/etc"), 2, "set HOME, or name a folder with --state-dir"),
        (("publisher",), 2, "set HOME, or name a folder with --state-dir"),
        (("run", "--source", "~/x", "--sink", "stdout"), 3, "there is no file or folder ~/x"),
        (("flash-kit", "--site", "s", "--device", "d", "--broker", "h", "/nowhere/x"), 1,
         "there is no folder /nowhere"),
    ],
)  # fmt: skip
def test_a_user_without_home_and_name_gets_answers(forbidden, arguments, status, sentence):
    """What needs no home folder works, and what needs one says what to set."""
    done = nobody(*arguments)
    assert "Traceback" not in done.stderr
    assert (done.returncode, sentence in done.stderr) == (status, True)


@pytest.mark.parametrize("place", ["out", ".", "deeper/out"])
@pytest.mark.parametrize("names", ["door", "door,till"])
def test_a_kit_s_place_that_may_not_be_written_is_named(forbidden, place, names):
    """The folder itself or its parent, before anything is built; one sentence."""
    done = nobody("flash-kit", "--site", "s", "--device", names, "--broker", "h",
                  forbidden / place, home=forbidden)  # fmt: skip
    told = done.stderr.strip().splitlines()
    assert (done.returncode, len(told)) == (1, 1)
    assert str(forbidden) in told[0]
    assert "may not be written by this user" in told[0] or "there is no folder" in told[0]


@pytest.mark.parametrize("verb", ["vision", "publisher"])
def test_a_home_that_may_not_be_written_is_told_in_words(forbidden, verb):
    """And in none of Python's."""
    done = nobody(verb, "--source", "usb:0", "--set", "paths.runtime=/not-ours", home=forbidden)
    assert done.returncode == 2
    assert "Errno" not in done.stderr
    assert "Permission denied" in done.stderr


@pytest.mark.slow
def test_the_demo_runs_where_the_home_may_not_be_written(forbidden, demo_clip):
    """Its clip is then rendered for this once."""
    done = nobody("demo", home=forbidden)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert "2 people" in done.stderr
    assert list(forbidden.iterdir()) == []


def test_a_home_that_nobody_has_stays_as_written():
    """`~nobody-of-this-name/x` is a path like any other."""
    assert expanded(Path("~no-such-user/x")) == Path("~no-such-user/x")


ENCODINGS = ("ascii", "latin-1", "cp437")
VERBS = ("run", "vision", "publisher", "demo", "watch", "report", "tally", "audit", "forget",
         "doctor", "bench", "config", "flash-kit")  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "arguments",
    [("--help",), *((verb, "--help") for verb in VERBS), ("config", "show"), ("config", "schema")],
    ids=" ".join,
)
def test_a_terminal_of_few_characters_is_written_to(encoding, arguments):
    """Every character has one that stands for it; none is left a question mark."""
    text = written(encoding, arguments)
    assert text.count("?") == written("utf-8", arguments).count("?")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("program", "verb"),
    [("converters", ""), ("converters", "import"), ("converters", "dataset"), ("hub", "run")],
)
def test_the_other_commands_help_is_written_there_too(encoding, program, verb):
    """On the workstation and on the hub."""
    called = f"import sys; from {program}.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", called, *filter(None, [verb]), "--help"]
    text = written(encoding, (), command)
    assert text.count("?") == written("utf-8", (), command).count("?")


def written(encoding, arguments, command=COMMAND):
    """What `agender-edge ARGUMENTS` writes where standard output has this encoding."""
    environment = os.environ | {
        "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding, "PYTHONCOERCECLOCALE": "0"
    }  # fmt: skip
    done = subprocess.run(
        [*command, *arguments], capture_output=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode(encoding)
    return done.stdout.decode(encoding)


def test_a_file_name_that_is_no_utf_8_is_told(tmp_path):
    """Where a path is named in an answer, its strange bytes are written by number."""
    strange = os.fsencode(tmp_path) + b"/caf\xe9.toml"
    Path(os.fsdecode(strange)).write_text("")
    done = subprocess.run(
        [*COMMAND, "config", "check", "--config", strange],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "caf\\xe9.toml" in done.stdout


@pytest.mark.parametrize(("sign", "plain"), PLAIN.items())
def test_a_character_s_stand_in_can_be_written_anywhere(sign, plain):
    """It is ASCII itself."""
    assert plain.isascii()
    assert not sign.isascii()
