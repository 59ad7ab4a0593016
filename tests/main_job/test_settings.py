"""The configuration: every key optional, every mistake told in one line."""

from __future__ import annotations

import json
import tomllib

import msgspec
import pytest

from edge.cli import main
from edge.config import read as settings
from edge.config.refusal import schema
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.publish.credentials import Login, login
from edge.runtime.networks.inventory import not_told


def write(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_without_a_file_everything_has_a_default():
    """An empty configuration is a right one."""
    assert settings.load() == Config()


def test_the_file_overrides_the_defaults_and_flags_override_the_file(tmp_path):
    """file < flag; what neither names keeps its default."""
    path = write(tmp_path, '[window]\nlength_s = 30\n[device]\nsite = "shop"\n')
    config = settings.load(path, ["window.length_s=10"])
    assert config.window.length_s == 10
    assert config.device.site == "shop"
    assert config.detector == Config().detector


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("source.uri=/a b/c.mp4", "/a b/c.mp4"),
        ("source.uri=picamera", "picamera"),
        ('source.uri="quoted"', "quoted"),
        ("source.uri=rtsp://host/1?channel=2", "rtsp://host/1?channel=2"),
    ],
)
def test_text_needs_no_quotes_on_the_command_line(override, value):
    """Paths and addresses are taken as they are."""
    assert settings.load(None, [override]).source.uri == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[windw]\n", "config.toml: windw: there is no such key; did you mean window?"),
        ("[window]\nlenght_s = 5\n", "window.lenght_s: there is no such key; did you mean length"),
        ("[mqtt]\nzzz = 5\n", "mqtt.zzz: there is no such key; known keys: host, port"),
        ('[window]\nlength_s = "x"\n', 'window.length_s = "x": expected float, got str (Length of'),
        ("[window]\nlength_s = 0\n", "window.length_s = 0: expected float >= 1"),
        ("[mqtt]\nport = 70000\n", "mqtt.port = 70000: expected int <= 65535"),
        ('[device]\nsite = "a/b"\n', 'device.site = "a/b": expected 1 to 40 letters from A to Z'),
        ('[log]\nlevel = "loud"\n', "log.level"),
        ("[estimator]\nmodels = [1]\n", "estimator.models[0] = 1: expected str, got int"),
        ("window = 3\n", "window = 3: expected object, got int"),
        ("[window\n", "config.toml: is not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_key_value_and_what_would_be_right(tmp_path, text, message):
    """One line, whatever is wrong."""
    with pytest.raises(ConfigError) as caught:
        settings.load(write(tmp_path, text))
    assert message in str(caught.value)
    assert "config.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[window]\nlength_s = 5\n".encode("utf-8-sig"), None),
        ("[window]\nlength_s = 5\n".encode("utf-16"), "is not text in UTF-8 (line 1)"),
        (b"[device]\n# caf\xe9\n[window]\nlength_s = 5\n", "is not text in UTF-8 (line 2)"),
        (b"\x00", "is not valid TOML"),
    ],
    ids=["UTF-8 with a byte order mark", "UTF-16", "Latin-1", "no text at all"],
)
def test_a_file_in_another_encoding_is_read_or_refused_by_name(tmp_path, content, message):
    """A byte order mark is no mistake; another encoding is told as such, with the line."""
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    if message is None:
        assert settings.load(path).window.length_s == 5
        return
    with pytest.raises(ConfigError) as caught:
        settings.load(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("named", [True, False])
def test_check_says_which_file_it_read(tmp_path, capsys, monkeypatch, named):
    """Or that there is none."""
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "none.toml")
    path = write(tmp_path, "[window]\nlength_s = 5\n")
    with pytest.raises(SystemExit) as ended:
        main(["config", "check", *(["--config", str(path)] if named else [])])
    assert ended.value.code == 0
    expected = f"read from {path}" if named else f"no file was read (no {tmp_path / 'none.toml'})"
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("models", "missing"),
    [
        (["agender_64"], ""),
        (["ssrnet_age_imdb", "ssrnet_gender_imdb"], ""),
        (["ssrnet_age_imdb"], "nobody gets a known gender"),
        (["ssrnet_gender_imdb"], "nobody gets a known age"),
    ],
)
def test_estimators_that_leave_something_unknown_are_told(models, missing):
    """A list that gives only one of the two is right, and said to be what it is."""
    config = settings.load(None, [f"estimator.models={json.dumps(models)}"])
    assert not_told(config).startswith(missing)
    assert bool(not_told(config)) == bool(missing)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("window.length_s=x", 'the command line: window.length_s = "x": expected float'),
        ("window.lengths=3", "the command line: window.lengths: there is no such key"),
        ("length", "the command line: --set should read section.key=value"),
    ],
)
def test_a_wrong_flag_is_blamed_on_the_command_line(tmp_path, override, message):
    """Not on the file, which may be right."""
    with pytest.raises(ConfigError) as caught:
        settings.load(write(tmp_path, "[window]\nlength_s = 5\n"), [override])
    assert message in str(caught.value)


def test_an_unreadable_file_is_named(tmp_path):
    """A missing file and a folder in its place."""
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read: No such file"):
        settings.load(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        settings.load(tmp_path)


def test_what_show_prints_is_itself_a_right_configuration(tmp_path):
    """`config show > file` gives a file that means the same, each key explained."""
    zone = '{ name = "door", polygon = [[0, 0], [1, 0], [1, 1]] }'
    config = settings.load(
        None, ["device.site=shop", "source.uri=/a b.mp4", f"space.zones=[{zone}]"]
    )
    text = settings.as_toml(config)
    assert settings.load(write(tmp_path, text)) == config
    assert "# Looks a second while all in view hardly move.\nsteady_fps = 5.0" in text
    assert set(tomllib.loads(text)) == set(msgspec.structs.asdict(config))


def test_every_key_is_described():
    """The schema, which is the documentation, leaves no key without a sentence."""
    definitions = schema()["$defs"]
    json.dumps(definitions)
    bare = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        if name != "Config"
        for key, entry in definition["properties"].items()
        if not entry.get("description")
    ]
    assert bare == []


def test_a_wrong_key_in_a_list_of_tables_is_named_too(tmp_path):
    """A zone's key is checked like any other."""
    text = '[[space.zones]]\nname = "door"\npolygon = [[0, 0], [1, 0], [1, 1]]\nusage = "count"\n'
    with pytest.raises(ConfigError, match=r"space\.zones\[0\]\.usage: there is no such key; .*use"):
        settings.load(write(tmp_path, text))


def test_a_name_of_digits_is_a_name():
    """A shop may be called 42."""
    assert settings.load(None, ["device.site=42"]).device.site == "42"


def test_a_profile_sets_what_a_careful_operator_needs():
    """One line: threshold, least window, no live state, few requests; and info can tell it."""
    config = settings.load(None, ["privacy.profile=statistics"])
    assert (config.privacy.k, config.privacy.window_min_s, config.window_s) == (10, 900, 900)
    assert config.privacy.live is False
    assert set(config.commands.verbs) == {"pause", "resume", "snapshot-health"}


@pytest.mark.parametrize(
    "stricter", ["privacy.k=20", "privacy.window_min_s=3600", 'commands.verbs=["pause"]',
                 "commands.verbs=[]"]
)  # fmt: skip
def test_a_profile_may_be_made_stricter(stricter):
    """A key beside it holds, in the file and on the command line."""
    config = settings.load(None, ["privacy.profile=statistics", stricter])
    assert settings.load(None, [stricter]).commands.verbs == config.commands.verbs or (
        "verbs" not in stricter
    )


@pytest.mark.parametrize(
    ("weaker", "right"),
    [
        ("privacy.k=9", "at least 10"),
        ("privacy.window_min_s=60", "at least 900"),
        ("privacy.state=folded", '"off"'),
        ('commands.verbs=["pause", "window"]', "none but pause, resume, snapshot-health"),
    ],
)
def test_a_profile_can_t_be_weakened(weaker, right):
    """What it promises would not be so; the key is named, and what would be right."""
    with pytest.raises(ConfigError, match=f"{weaker.split('=')[0]} is weaker") as caught:
        settings.load(None, ["privacy.profile=statistics", weaker])
    assert right in str(caught.value)


def test_what_a_profile_set_is_shown_and_can_be_read_again(tmp_path):
    """`config show`, and a kit's file, hold the values themselves."""
    config = settings.load(None, ["privacy.profile=statistics"])
    for text in (settings.as_toml(config), settings.changed_as_toml(config)):
        assert "k = 10" in text
        assert settings.load(write(tmp_path, text)).privacy == config.privacy


def test_any_letter_that_is_read_is_written_so_that_it_can_be_read_again(tmp_path):
    """Beyond the first 65,536 (emoji), and those that TOML takes only by their number."""
    config = settings.load(None, ['source.uri=/a\x7f\u00b0"\\b.mp4', "operator.name=Café 😀"])
    for text in (settings.as_toml(config), settings.changed_as_toml(config)):
        again = settings.load(write(tmp_path, text))
        assert (again.source.uri, again.operator.name) == ('/a\x7f°"\\b.mp4', "Café 😀")


def test_a_window_is_no_shorter_than_the_threshold_allows():
    """It is raised where k is above 1, and only there."""
    short = ["window.length_s=1"]
    assert settings.load(None, short).window_s == 1
    assert settings.load(None, [*short, "privacy.k=2"]).window_s == 60
    assert settings.load(None, ["window.length_s=600", "privacy.k=2"]).window_s == 600


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_written_on_windows_are_read(tmp_path, end):
    """A byte order mark is no part of a password, nor of the configuration."""
    password = tmp_path / "password"
    password.write_bytes(f"\ufeffhunter2{end}".encode())
    file = tmp_path / "config.toml"
    text = f'[mqtt]{end}username = "door"{end}password_file = "{password}"{end}'
    file.write_bytes(("\ufeff" + text).encode())
    assert login(settings.load(file).mqtt) == Login("door", "hunter2")
