"""The command line: help that says what is needed, in any terminal; quiet, loud, by Tab."""

from __future__ import annotations

import argparse
import os
import pty
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from converters.cli import main as convert
from edge import output
from edge.cli import main
from edge.cli.examples import EXAMPLES
from edge.cli.flags import FLAGS, default_of, overrides
from edge.cli.verbs import parser
from edge.config.tables import Config
from edge.errors import ConfigError
from tests.main_job.program import COMMAND


def verbs() -> dict[str, argparse.ArgumentParser]:
    """Every verb → its parser."""
    (found,) = (a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def options() -> Iterator[tuple[str, argparse.Action]]:
    """Every flag of every verb that takes a value and is shown."""
    for name, verb in verbs().items():
        for action in verb._actions:
            if action.option_strings and action.nargs != 0 and action.help != argparse.SUPPRESS:
                yield name, action


@pytest.mark.parametrize(
    ("verb", "action"),
    [pytest.param(verb, a, id=f"{verb} {a.option_strings[-1]}") for verb, a in options()],
)
def test_every_flag_tells_its_default(verb, action):
    """And what the default is, where the parser knows it."""
    assert "default: " in action.help
    if action.default and not isinstance(action.default, list):
        assert f"default: {action.default}" in action.help


@pytest.mark.parametrize("flag", FLAGS)
def test_a_default_that_is_told_is_the_one_in_force(flag):
    """Those of the configuration come from where it holds them."""
    key = FLAGS[flag][0]
    section, name = key.split(".")
    held = getattr(getattr(Config(), section), name)
    told = default_of(key)
    assert told == str(held) or float(told) == held if told[0].isdigit() else (
        told == held or key in ("device.name", "paths.state", "paths.models"))  # fmt: skip


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_has_examples_that_are_right(verb):
    """Each is a command line that the parser takes, of this verb."""
    text = " ".join(verbs()[verb].format_help().split())
    assert "examples:" in text
    assert EXAMPLES[verb]
    for _, command in EXAMPLES[verb]:
        words = shlex.split(re.split(r" [|>] ", command)[0])
        assert words[0] == verb
        parser().parse_args(words)


def test_no_examples_are_left_of_a_verb_that_is_gone():
    """The table and the parser name the same verbs."""
    assert set(EXAMPLES) == set(verbs())


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
@pytest.mark.parametrize("verb", ["", *verbs()])
def test_help_fits_the_terminal(columns, verb, monkeypatch):
    """No line is wider, but for a word that is; a command goes on after a backslash."""
    monkeypatch.setenv("COLUMNS", str(columns))
    one = verbs()[verb] if verb else parser()
    for line in one.format_help().splitlines():
        longest = max(map(len, line.split()), default=0) + len(line) - len(line.lstrip())
        assert len(line) <= columns or longest + len(" \\") > columns, line


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("verb", verbs())
def test_an_example_can_be_copied_from_any_terminal(columns, verb, monkeypatch):
    """Joined at its backslashes it is the command as it was written."""
    monkeypatch.setenv("COLUMNS", str(columns))
    text = re.sub(r" \\\n +", " ", verbs()[verb].format_help())
    for _, command in EXAMPLES[verb]:
        assert f"  agender-edge {command}\n" in text


@pytest.mark.parametrize(
    ("flags", "level"), [((), None), (("-q",), "error"), (("--verbose",), "debug")]
)
@pytest.mark.parametrize(
    "verb", ["run", "vision", "publisher", "watch", "doctor", "forget", "report"]
)
def test_quiet_and_verbose_choose_the_log_s_level(verb, flags, level):
    """In every verb that keeps a log."""
    given = overrides(parser().parse_args([verb, *flags]))
    assert given == ([f"log.level={level}"] if level else [])


def test_loudness_is_said_once():
    """Two wishes at odds are refused."""
    with pytest.raises(ConfigError, match="give one of them"):
        overrides(parser().parse_args(["run", "--quiet", "--log-level", "info"]))
    with pytest.raises(SystemExit):
        parser().parse_args(["run", "--quiet", "--verbose"])


def test_a_kit_s_configuration_holds_no_loudness():
    """--quiet is about this command, not about the device."""
    words = ["flash-kit", "--quiet", "--site", "s", "--device", "d", "--broker", "h", "out"]
    assert not [one for one in overrides(parser().parse_args(words)) if "log" in one]


def test_quiet_tells_nothing_on_the_way(capsys, monkeypatch):
    """What is said of how it goes on is left out, errors are not."""
    monkeypatch.setattr(output, "quiet", True)
    output.say("fetching")
    assert capsys.readouterr().err == ""
    with pytest.raises(SystemExit):
        main(["config", "check", "--quiet"])
    main_error = ["config", "check", "--quiet", "--site", "a b"]
    with pytest.raises(SystemExit):
        main(main_error)
    assert "device.site" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_every_verb(shell, capsys):
    """From the parser, so that no verb is forgotten; bash takes it as it is."""
    pytest.importorskip("shtab", reason="needs the extra shell")
    with pytest.raises(SystemExit) as ended:
        main(["completion", shell])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in verbs())
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def test_bash_offers_what_may_follow(capsys):
    """A real bash, asked as the Tab key asks it."""
    pytest.importorskip("shtab", reason="needs the extra shell")
    with pytest.raises(SystemExit):
        main(["completion", "bash"])
    script = (
        capsys.readouterr().out
        + """
COMP_WORDS=(agender-edge fla) COMP_CWORD=1
$(complete -p agender-edge | sed 's/.*-F \\([^ ]*\\).*/\\1/') agender-edge fla agender-edge
echo "OFFERED ${COMPREPLY[*]}"
"""
    )
    done = subprocess.run(["bash"], input=script, text=True, capture_output=True, check=False)
    assert "OFFERED flash-kit" in done.stdout, done.stderr


def test_the_manual_page_holds_every_verb(capsys):
    """And is troff that man's own formatter takes without a warning."""
    pytest.importorskip("argparse_manpage", reason="needs the extra shell")
    with pytest.raises(SystemExit) as ended:
        main(["man"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(".TH AGENDER")
    for verb in verbs():
        assert f".B agender\\-edge {verb}".replace("-k", "\\-k") in text
    groff = shutil.which("groff")
    if groff:
        done = subprocess.run(
            [groff, "-Kutf8", "-man", "-Tutf8", "-ww"],
            input=text,
            text=True,
            capture_output=True,
            check=True,
        )
        assert done.stderr == ""
        assert "EXIT STATUS" in re.sub(".\x08", "", done.stdout)


def test_agender_convert_has_both_as_well(capsys):
    """Every verb of it, and its own statuses; without TensorFlow."""
    pytest.importorskip("shtab", reason="needs the extra shell")
    pytest.importorskip("argparse_manpage", reason="needs the extra shell")
    assert convert(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert convert(["man"]) == 0
    page = capsys.readouterr().out
    assert page.startswith(".TH AGENDER\\-CONVERT")
    for verb in ("annotate", "dataset", "import", "evaluate", "man"):
        assert f"agender\\-convert {verb}" in page.replace("\\fR", "")
        assert f"_shtab_agender_convert_{verb}" in script
    assert "an input was refused" in page


@pytest.mark.parametrize(("verb", "module"), [("completion bash", "shtab"),
                                              ("man", "argparse_manpage")])  # fmt: skip
def test_what_needs_an_extra_says_which(verb, module, monkeypatch, capsys):
    """One sentence with the command that mends it."""
    monkeypatch.setattr("edge.cli.shell.find_spec", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        main(verb.split())
    assert ended.value.code == 1
    assert "pip install 'agender-edge[shell]'" in capsys.readouterr().err


def on_a_terminal(*arguments: object, stdout: int = subprocess.DEVNULL) -> str:
    """What a person at a terminal sees on standard error of `agender-edge ARGUMENTS`."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stderr=theirs, stdout=stdout, stdin=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # the last writer has left
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(60) == 0, seen
    return seen.decode()


def counting(clip) -> list[object]:
    """Flags that count a recording's people to the end."""
    return ["run", "--source", clip, "--sink", "stdout", "--until-end"]


def test_a_recording_s_progress_is_shown_on_a_terminal(demo_clip):
    """A bar with the time done and the time there is."""
    seen = on_a_terminal(*counting(demo_clip))
    assert "demo.avi [" in seen
    assert re.search(r"0:\d\d of 0:23, \d:\d\d left", seen)


@pytest.mark.parametrize("flag", ["--no-progress", "--quiet"])
def test_progress_can_be_left_out(demo_clip, flag):
    """By its own flag, and where nothing but errors is wanted."""
    assert "demo.avi [" not in on_a_terminal(*counting(demo_clip), flag)


def test_no_library_remarks_on_its_own(demo_clip):
    """Every line on standard error is of the log; LiteRT's `INFO: Created …` is not."""
    done = subprocess.run(
        [*COMMAND, *map(str, counting(demo_clip))], text=True, capture_output=True, check=True
    )
    assert all(re.match(r"\d\d:\d\d:\d\d [A-Z]", line) for line in done.stderr.splitlines())
