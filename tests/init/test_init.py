"""`agender-edge init` without services: what it asks, tries, writes and refuses."""

from __future__ import annotations

import tomllib

import pytest

from edge.cli import main
from edge.cli.flags import overrides
from edge.cli.verbs import parser
from edge.config import read as settings
from edge.config.tables import Config
from edge.errors import UserError
from edge.init import questions, verb
from edge.init.arguments import PLACES
from edge.runtime.capture.v4l2_device import Camera

FLAGS = ("--no-services", "--site", "shop", "--device", "door")


def parsed(*words):
    return parser().parse_args(["init", *words])


def answering(*answers):
    """Somebody at a terminal who gives these answers, one a question."""
    left, asked = list(answers), []

    def ask(question):
        asked.append(question)
        return left.pop(0)

    ask.asked = asked
    return ask


def run(*words):
    """The status of the command."""
    with pytest.raises(SystemExit) as ended:
        main(["init", *words])
    return ended.value.code


@pytest.fixture
def clip(demo_clip):
    """Stands in for a camera."""
    return str(demo_clip)


@pytest.fixture
def there(clip, mosquitto):
    """A source and a broker's port that work."""
    return {"clip": clip, "port": mosquitto}


@pytest.mark.parametrize(
    ("place", "privacy"),
    [("home", {}), ("shop", {"k": 5}),
     ("school", {"k": 10, "window_min_s": 900.0, "state": "off", "profile": "statistics"})],
)  # fmt: skip
def test_the_place_decides_what_is_told_of_few(place, privacy):
    """As docs/privacy.md advises; --set is stronger where a profile does not forbid it."""
    line = parsed("--place", place)
    config = verb.configuration(line, overrides)
    written = tomllib.loads(settings.changed_as_toml(config)).get("privacy", {})
    assert written == privacy
    assert set(PLACES) == {"home", "shop", "school"}


def test_what_is_written_is_what_was_tried(tmp_path, clip, mosquitto):
    """Real camera (a clip), real broker; the file holds what differs from the defaults."""
    out = tmp_path / "config.toml"
    words = ("--place", "shop", "--source", clip, "--broker", f"127.0.0.1:{mosquitto}")
    assert run(*FLAGS, *words, "--out", str(out)) == 0
    held = tomllib.loads(out.read_text())
    assert held["device"] == {"site": "shop", "name": "door"}
    assert held["privacy"] == {"k": 5}
    assert held["source"] == {"uri": clip}
    assert held["mqtt"] == {"host": "127.0.0.1", "port": mosquitto}
    assert settings.load(out).privacy.k == 5
    assert out.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("words", "failed"),
    [
        (("--source", "none.mp4", "--broker", "127.0.0.1:{port}"), "source failed"),
        (("--source", "{clip}", "--broker", "127.0.0.1:1"), "broker failed"),
        (("--source", "none.mp4", "--broker", "127.0.0.1:1"), "source and broker failed"),
    ],
)
def test_where_camera_or_broker_fail_nothing_is_written(tmp_path, there, capsys, words, failed):
    """Unless that is wanted."""
    out = tmp_path / "config.toml"
    words = [word.format(**there) for word in words]
    assert run(*FLAGS, "--place", "home", *words, "--out", str(out)) == 1
    told = capsys.readouterr()
    assert failed in told.err
    assert "--untested" in told.err
    assert "BAD" in told.out
    assert not out.exists()
    assert run(*FLAGS, "--place", "home", *words, "--out", str(out), "--untested") == 0
    assert out.exists()


def test_a_configuration_is_replaced_by_force_alone_and_kept(tmp_path, clip, mosquitto, capsys):
    """Before anything is asked or tried."""
    out = tmp_path / "config.toml"
    out.write_text("# mine\n")
    words = (*FLAGS, "--source", clip, "--broker", f"127.0.0.1:{mosquitto}", "--out", str(out))
    assert run(*words, "--place", "home") == 1
    assert f"{out} is there already" in capsys.readouterr().err
    assert out.read_text() == "# mine\n"
    assert run(*words, "--place", "home", "--force") == 0
    assert (tmp_path / "config.toml.old").read_text() == "# mine\n"
    assert "[device]" in out.read_text()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ((), 1, "--place is missing: one of home, shop, school"),
        (("--place", "home", "--password-file", "p"), 1, "--username is missing"),
        (("--place", "home", "--username", "u", "--password-file", "none"), 1,
         "--password-file none: cannot be read"),
        (("--place", "school", "--set", "privacy.k=2"), 2, "weaker than privacy.profile"),
        (("--place", "home", "--broker", "mqtt://hub"), 2, "leave the scheme away"),
        (("--place", "home", "--detector", "none"), 4, "there is no model 'none'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_is_written(tmp_path, capsys, words, status, told):
    """Where nobody is there to answer."""
    out = tmp_path / "config.toml"
    assert run(*FLAGS, *words, "--out", str(out)) == status
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_services_read_one_file_alone(tmp_path, capsys):
    """A configuration written elsewhere would be of no effect."""
    assert run("--place", "home", "--out", str(tmp_path / "config.toml")) == 1
    assert "leave --out away, or write a file alone with --no-services" in capsys.readouterr().err


def test_what_flags_leave_open_is_asked_for_with_what_is_there(monkeypatch):
    """Cameras by name and number; an empty answer takes the default."""
    monkeypatch.setattr(
        questions, "cameras", lambda: [Camera("Logi C270", "/dev/video0", ("MJPG",))]
    )
    monkeypatch.setattr(questions, "find_spec", lambda name: None)
    line, ask = parsed(), answering("2", "1", "shop", "", "hub.local", "door")
    questions.complete(line, ask)
    assert line.place == "shop"
    assert "/dev/video0: Logi C270" in ask.asked[1]
    assert (line.source, line.site, line.device) == ("/dev/video0", "shop", Config().device.name)
    assert (line.broker, line.username) == ("hub.local", "door")


def test_what_flags_say_is_not_asked_for():
    """All of it given: no question."""
    line = parsed("--place", "home", "--source", "usb:0", "--site", "s", "--device", "d",
                  "--broker", "b", "--username", "u")  # fmt: skip
    questions.complete(line, answering())
    assert line.source == "usb:0"


@pytest.mark.parametrize(
    "answers",
    [
        (
            "9",
            "x",
            "",
        ),
        ("0", "2"),
        ("school",),
    ],
)
def test_an_answer_that_is_no_choice_is_asked_for_again(answers):
    """Until it is one, by number or name."""
    line = parsed("--source", "usb:0", "--site", "s", "--device", "d", "--broker", "b",
                  "--username", "u")  # fmt: skip
    questions.complete(line, answering(*answers))
    assert line.place in PLACES


def test_an_end_of_the_answers_writes_nothing(monkeypatch):
    """Ctrl-D: a sentence, no trace."""
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setattr(questions.sys, "stdin", type("T", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(questions.sys, "stdout", type("T", (), {"isatty": lambda self: True})())

    def ended(question):
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    ask = questions.asker()
    with pytest.raises(UserError, match="nothing was written"):
        ask("Which?")
