"""`agender-edge init` without services: what it asks, tries, writes and refuses."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from edge.cli import main
from edge.cli.flags import overrides
from edge.cli.verbs import parser
from edge.config import read as settings
from edge.config.home import first_line
from edge.config.tables import Config
from edge.errors import UserError
from edge.init import verb
from edge.init.arguments import PLACES
from edge.init.trial import in_memory
from tests.shared import ROOT

FLAGS = ("--no-services", "--site", "shop", "--device", "door")


def parsed(*words):
    return parser().parse_args(["init", *words])


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
    assert run(*words, "--place", "shop", "--force") == 0
    assert (tmp_path / "config.toml.old").read_text() == "# mine\n"
    assert "k = 5" not in (tmp_path / "config.toml.old-2").read_text()
    assert f"kept as {out}.old-2" in capsys.readouterr().err


def test_what_a_new_configuration_no_longer_sets_is_told(tmp_path, clip, capsys):
    """Areas that were not to be looked at would be looked at again without a word."""
    out = tmp_path / "config.toml"
    corners = "[[0.1, 0.1], [0.4, 0.1], [0.1, 0.4]]"
    out.write_text(f"""[source]\nuri = "usb:3"\n[[space.zones]]
name = "till"\nuse = "exclude"\npolygon = {corners}\n""")
    words = (*FLAGS, "--untested", "--source", clip, "--broker", "127.0.0.1:1", "--place", "home")
    assert run(*words, "--out", str(out), "--force") == 0
    assert "no longer set: space.zones" in capsys.readouterr().err
    kept = ("--config", f"{out}.old", "--out", str(out), "--force")
    assert run(*words, *kept) == 0
    assert "no longer set" not in capsys.readouterr().err
    assert settings.load(out).space.zones[0].name == "till"


def test_a_key_under_its_name_of_then_is_taken_over(tmp_path, clip, capsys):
    """It goes on under its name of now: nothing is lost, and nothing is said to be."""
    out = tmp_path / "config.toml"
    out.write_text("[tracking]\ndetect_fps_max = 7\n")
    words = (*FLAGS, "--untested", "--source", clip, "--broker", "127.0.0.1:1", "--place", "home")
    assert run(*words, "--config", str(out), "--out", str(out), "--force") == 0
    assert "no longer set" not in capsys.readouterr().err
    assert settings.load(out).detector.looks_per_s == 7


def test_a_folder_is_no_configuration(tmp_path, capsys):
    """--force would move it away, with all that is in it."""
    assert run(*FLAGS, "--place", "home", "--out", str(tmp_path), "--force") == 1
    assert "is a folder; name a file" in capsys.readouterr().err


def test_a_configuration_takes_its_place_once_all_else_is_done(tmp_path):
    """Where the password cannot be stored, or a unit not written, the old one stays in force."""
    out = tmp_path / "config.toml"
    out.write_text("# mine\n")
    with pytest.raises(UserError), verb._written(Config(), out, for_services=False):
        assert out.read_text() == "# mine\n"
        raise UserError("the password cannot be stored")
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]
    assert out.read_text() == "# mine\n"


def test_a_path_is_written_so_that_the_services_find_it(tmp_path, monkeypatch):
    """They are started elsewhere; of an address nothing is changed."""
    monkeypatch.chdir(tmp_path)
    for source, written in (("clip.mp4", f"{tmp_path}/clip.mp4"), ("rtsp://cam/1", "rtsp://cam/1"),
                            ("usb:0", "usb:0"), ("picamera", "picamera")):  # fmt: skip
        line = parsed("--place", "home", "--source", source)
        assert verb.configuration(line, overrides).source.uri == written


def test_a_place_takes_nothing_back_that_a_file_hides(tmp_path):
    """--config with a greater k than the place's; a lesser one is raised."""
    for k, then in ((12, 12), (2, 5)):
        (tmp_path / "c.toml").write_text(f"[privacy]\nk = {k}\n")
        line = parsed("--place", "shop", "--config", str(tmp_path / "c.toml"))
        assert verb.configuration(line, overrides).privacy.k == then


def test_a_password_is_asked_for_whoever_names_the_user(tmp_path):
    """--username, --set or --config; else one that was stored earlier would be removed."""
    (tmp_path / "p").write_text("correct horse \n")
    line = parsed("--place", "home", "--password-file", str(tmp_path / "p"))
    config = verb.configuration(line, lambda _: ["mqtt.username=door"])
    assert verb._password(line, config, None) == "correct horse "
    with pytest.raises(UserError, match="the password of door at the broker is missing"):
        verb._password(parsed("--place", "home"), config, None)


def test_a_password_is_tried_without_a_file_on_a_disk():
    """It could be read from the card later."""
    with in_memory("żółw ") as file:
        assert file.startswith("/proc/self/fd/")
        assert Path(file).stat().st_nlink == 0
        assert first_line(Path(file)) == "żółw "


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


def test_the_file_that_the_package_begins_with_is_replaced_unasked(tmp_path, clip, mosquitto):
    """It sets nothing; once it sets anything it is somebody's."""
    out = tmp_path / "config.toml"
    shipped = (ROOT / "packaging/deb/config.toml").read_text()
    words = (*FLAGS, "--place", "home", "--source", clip, "--broker", f"127.0.0.1:{mosquitto}",
             "--out", str(out))  # fmt: skip
    out.write_text(f'{shipped}[device]\nsite = "mine"\n')
    assert run(*words) == 1
    out.write_text(shipped)
    assert run(*words) == 0
    assert "[device]" in out.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("name", ["config", "a/b", "", "-x", "door\n", "a.b", "x" * 41])
def test_a_camera_of_several_has_a_name_that_a_unit_can_have(name, capsys):
    """Else its file, its folder or its topic would be another's, or none."""
    assert run("--place", "home", f"--instance={name}") == 2
    assert "beginning with a letter or digit" in capsys.readouterr().err


def test_a_camera_of_several_is_called_as_its_services(tmp_path, clip, mosquitto):
    """Two devices under one name would throw each other off the broker."""
    words = ("--no-services", "--place", "home", "--source", clip, "--instance", "till",
             "--broker", f"127.0.0.1:{mosquitto}")  # fmt: skip
    assert run(*words, "--out", str(tmp_path / "a.toml")) == 0
    assert run(*words, "--device", "other", "--out", str(tmp_path / "b.toml")) == 0
    names = [settings.load(tmp_path / file).device.name for file in ("a.toml", "b.toml")]
    assert names == ["till", "other"]


@pytest.fixture
def beside(tmp_path, clip, monkeypatch, capsys):
    """A first camera's file and words for `init` → what that says."""

    def said(first, *words):
        system = tmp_path / "config.toml"
        monkeypatch.setattr(settings, "SYSTEM_FILE", system)
        if first is not None:
            system.write_text(first)
        out = str(tmp_path / "out.toml")
        assert run("--no-services", "--untested", "--source", clip, "--out", out, *words) == 0
        return capsys.readouterr().err

    return said


@pytest.mark.parametrize(
    ("first", "place", "ks"),
    [("[privacy]\nk = 5\n", "home", (1, 5)),
     ('[privacy]\nprofile = "statistics"\n', "shop", (5, 10))],
)  # fmt: skip
def test_a_further_camera_that_tells_more_of_few_than_the_first_is_told_of(
    beside, first, place, ks
):
    """It stays as its place says: who asked for that may mean it, but is to know."""
    said = beside(first, "--place", place, "--instance", "till")
    assert f"privacy.k is {ks[0]} for this camera and {ks[1]} for that of" in said


@pytest.mark.parametrize(
    ("first", "words"),
    [("[privacy]\nk = 5\n", ("--place", "shop", "--instance", "till")),
     ("[privacy]\nk = 5\n", ("--place", "home")),
     ("[privacy", ("--place", "home", "--instance", "till")),
     (None, ("--place", "home", "--instance", "till"))],
)  # fmt: skip
def test_nothing_is_said_where_no_first_camera_tells_less(beside, first, words):
    """As strict, no further camera, or no first one that could be read."""
    assert "privacy.k" not in beside(first, *words)
