"""What `agender-edge init` asks on a terminal, and what it takes for an answer."""

from __future__ import annotations

import msgspec
import pytest

from edge.broker_address import Endpoint
from edge.cli.flags import overrides
from edge.cli.verbs import parser
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.flash import secret
from edge.init import questions, verb
from edge.init.arguments import PLACES
from edge.init.places import Places
from edge.publish.mdns import Found
from edge.runtime.capture.v4l2_device import Camera
from tests.publish.support import free_port


@pytest.fixture(autouse=True)
def a_silent_network(monkeypatch):
    """No broker is named here but by a test."""
    monkeypatch.setattr(questions, "brokers", lambda **_: [])


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


def test_a_password_that_is_not_typed_ends_with_a_sentence(monkeypatch):
    """Ctrl-D."""

    def ended(prompt):
        raise EOFError

    monkeypatch.setattr(secret.sys, "stdin", type("T", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(secret.getpass, "getpass", ended)
    with pytest.raises(UserError, match="the password of door is missing"):
        secret.read(None, "--password-file", "the password of door")


def test_what_flags_leave_open_is_asked_for_with_what_is_there(monkeypatch):
    """Cameras by name and number; an empty answer takes the default."""
    monkeypatch.setattr(
        questions, "cameras", lambda: [Camera("Logi C270", "/dev/video0", ("MJPG",))]
    )
    monkeypatch.setattr(questions, "find_spec", lambda name: None)
    line, ask = parsed(), answering("2", "1", "shop", "", "hub.local", "door")
    assert questions.complete(line, ask, Config()) == []
    assert line.place == "shop"
    assert "/dev/video0: Logi C270" in ask.asked[1]
    assert (line.source, line.site, line.device) == ("/dev/video0", "shop", Config().device.name)
    assert (line.broker, line.username) == ("hub.local", "door")


@pytest.mark.parametrize("how", ["multicast DNS", "DNS (_mqtt._tcp.shop.example)"])
@pytest.mark.parametrize(("answer", "broker"), [("", "hub-nearby.local:1884"), ("other", "other")])
def test_a_broker_that_the_network_names_is_proposed(monkeypatch, answer, broker, how):
    """Named in the question, and taken only where the person says so."""
    nearby = Endpoint("hub-nearby.local", 1884)
    monkeypatch.setattr(
        questions, "brokers", lambda *, tls, ask_dns: [Found(0, nearby, (), how)] * ask_dns
    )
    line = parsed("--place", "home", "--source", "usb:0", "--site", "s", "--device", "d")
    ask = answering(answer, "")
    questions.complete(line, ask, Config())
    assert f"this one is named by {how} [hub-nearby.local:1884]" in ask.asked[0]
    assert line.broker == broker


def test_what_flags_say_is_not_asked_for():
    """All of it given: no question."""
    line = parsed("--place", "home", "--source", "usb:0", "--site", "s", "--device", "d",
                  "--broker", "b", "--username", "u")  # fmt: skip
    questions.complete(line, answering(), Config())
    assert line.source == "usb:0"


@pytest.mark.parametrize(
    "answers",
    [
        ("9", "x", ""),
        ("0", "2"),
        ("²", "٣", "1"),
        ("school",),
    ],
)
def test_an_answer_that_is_no_choice_is_asked_for_again(answers):
    """Until it is one, by number or name."""
    line = parsed("--source", "usb:0", "--site", "s", "--device", "d", "--broker", "b",
                  "--username", "u")  # fmt: skip
    questions.complete(line, answering(*answers), Config())
    assert line.place in PLACES


def test_an_answer_that_no_key_can_hold_is_asked_for_again(monkeypatch):
    """With what would be right; the other answers are not lost."""
    monkeypatch.setattr(questions, "cameras", list)
    monkeypatch.setattr(questions, "find_spec", lambda name: None)
    answers = ("home", "another", "", "http:/cam", "usb:1", "My Shop!", "shop", "", "mqtt://hub",
               "hub:1884", "")  # fmt: skip
    line, ask = parsed(), answering(*answers)
    assert questions.complete(line, ask, Config()) == ["source.uri=usb:1"]
    assert (line.site, line.broker, line.username) == ("shop", "hub:1884", None)
    again = [question.partition("\n")[0] for question in ask.asked if "\n" in question][2:]
    assert "needs one" in again[0]
    assert "rtsp://" in again[1]
    assert "device.site" in again[2]
    assert "leave the scheme away" in again[3]


def test_a_camera_s_password_may_be_typed_and_not_given_by_a_flag(monkeypatch):
    """Nobody else of the machine sees what is typed."""
    monkeypatch.setattr(questions, "cameras", list)
    monkeypatch.setattr(questions, "find_spec", lambda name: None)
    address = "rtsp://me:s%40cret@cam-7/1"
    line = parsed()
    typed = questions.complete(line, answering("home", "1", address, "", "", "", ""), Config())
    assert verb.configuration(line, overrides, typed).source.uri == address
    line.source = address
    with pytest.raises(ConfigError, match="holds a password"):
        verb.configuration(line, overrides)


def test_what_a_file_says_is_not_asked_for(tmp_path):
    """An answer that takes the default would be stronger than the file."""
    known = msgspec.convert({"device": {"site": "shop"}, "source": {"uri": "usb:4"},
                             "mqtt": {"host": "hub", "username": "me"}}, Config)  # fmt: skip
    line = parsed("--place", "home")
    assert questions.complete(line, answering(""), known) == []
    assert (line.site, line.source, line.broker) == (None, None, None)


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


WHERE_SOMEBODY_SITS = ("--no-services", "--place", "home", "--site", "shop", "--device", "door")


def at_a_terminal(monkeypatch, *answers):
    ask = answering(*answers)
    monkeypatch.setattr(verb, "asker", lambda: ask)
    return ask


def run_init(*words):
    line = parsed(*WHERE_SOMEBODY_SITS, *words)
    return verb.init(line, overrides, Places())


def test_a_trial_that_failed_is_repeated_with_the_same_answers(
    tmp_path, monkeypatch, demo_clip, mosquitto, capsys
):
    """The broker was off; it is switched on, and nothing is asked twice."""
    out, port = tmp_path / "config.toml", free_port()
    broker = f"127.0.0.1:{port}"
    ask = at_a_terminal(monkeypatch, broker, "", "again", "anew", f"127.0.0.1:{mosquitto}", "")
    assert run_init("--source", str(demo_clip), "--out", str(out)) == 0
    assert "broker failed. What now?" in ask.asked[2]
    assert "broker failed. What now?" in ask.asked[3]
    assert broker in ask.asked[4]
    written = out.read_text()
    assert f"port = {mosquitto}" in written
    assert 'name = "door"' in written
    assert capsys.readouterr().out.count("127.0.0.1") >= 3


def test_what_is_tried_anew_may_be_the_camera_alone(tmp_path, monkeypatch, demo_clip, mosquitto):
    """What was told of the broker, the password too, is not asked again."""
    out, missing = tmp_path / "config.toml", tmp_path / "none.mp4"
    monkeypatch.setattr(questions, "cameras", lambda: [])
    monkeypatch.setattr(questions, "find_spec", lambda name: None)
    broker = ("--broker", f"127.0.0.1:{mosquitto}", "--username", "door")
    secrets = iter(["secret", "another"])
    monkeypatch.setattr(secret, "read", lambda *_: next(secrets))
    ask = at_a_terminal(monkeypatch, "1", str(missing), "anew", "1", str(demo_clip))
    assert run_init(*broker, "--out", str(out)) == 0
    assert next(secrets) == "another", "the password was asked for once"
    assert str(demo_clip) in out.read_text()
    assert len(ask.asked) == 5


def test_a_broker_answered_anew_is_stronger_than_what_was_set_before(
    tmp_path, monkeypatch, demo_clip, mosquitto
):
    """Port and user of --set belonged to the broker that failed."""
    out = tmp_path / "config.toml"
    ask = at_a_terminal(monkeypatch, "anew", f"127.0.0.1:{mosquitto}", "-")
    monkeypatch.setattr(secret, "read", lambda *_: "secret")
    wrong = ("--set", "mqtt.host=127.0.0.1", "--set", f"mqtt.port={free_port()}",
             "--set", "mqtt.username=door")  # fmt: skip
    monkeypatch.setattr(questions, "NAMES", questions.NAMES[:2])  # --set has answered the others
    assert run_init("--source", str(demo_clip), *wrong, "--out", str(out)) == 0
    assert len(ask.asked) == 3
    assert f"port = {mosquitto}" in out.read_text()
    assert "username" not in out.read_text()


def test_a_broker_of_a_file_is_proposed_and_its_user_can_be_taken_back(
    tmp_path, monkeypatch, demo_clip, mosquitto
):
    """An empty answer keeps what the file says, and says so before."""
    file, out, port = tmp_path / "old.toml", tmp_path / "config.toml", free_port()
    file.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\nusername = "door"\n[source]\n'
        f'uri = "{demo_clip}"\n'
    )
    monkeypatch.setattr(secret, "read", lambda *_: "secret")
    again = ("anew", "", "", "anew", f"127.0.0.1:{mosquitto}", "-")
    ask = at_a_terminal(monkeypatch, *again)
    assert run_init("--config", str(file), "--out", str(out)) == 0
    assert f"[127.0.0.1:{port}]" in ask.asked[1]
    assert "- for none [door]" in ask.asked[2]
    assert f"port = {mosquitto}" in out.read_text()
    assert "username" not in out.read_text()


def test_what_failed_may_be_written_all_the_same(tmp_path, monkeypatch, demo_clip):
    """As with --untested: whoever knows better goes on."""
    out = tmp_path / "config.toml"
    at_a_terminal(monkeypatch, f"127.0.0.1:{free_port()}", "", "write")
    assert run_init("--source", str(demo_clip), "--out", str(out)) == 0
    assert out.exists()


def test_who_gives_up_has_written_nothing(tmp_path, monkeypatch, demo_clip):
    """Ctrl-D at the question what now."""
    out = tmp_path / "config.toml"
    answers = iter([f"127.0.0.1:{free_port()}", ""])

    def ask(_question):
        try:
            return next(answers)
        except StopIteration:
            raise UserError(questions.NOT_ANSWERED) from None

    monkeypatch.setattr(verb, "asker", lambda: ask)
    with pytest.raises(UserError, match="nothing was written"):
        run_init("--source", str(demo_clip), "--out", str(out))
    assert not out.exists()
