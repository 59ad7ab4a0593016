"""The configuration: every key optional, every mistake told in one line."""

from __future__ import annotations

import json
import tomllib

import msgspec
import pytest

from edge import settings
from edge.cli import broker_overrides
from edge.config import Config
from edge.errors import ConfigError


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
        ("source.uri=rtsp://host/1?a=b", "rtsp://host/1?a=b"),
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
        ('[device]\nsite = "a/b"\n', 'device.site = "a/b": expected str matching regex'),
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
    ("override", "message"),
    [
        ("window.length_s=x", 'the command line: window.length_s = "x": expected float'),
        ("window.lengths=3", "the command line: window.lengths: there is no such key"),
        ("length", "the command line: 'length' should read section.key=value"),
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
    assert "# Length of a window, aligned to the wall clock.\nlength_s = 60.0" in text
    assert set(tomllib.loads(text)) == set(msgspec.structs.asdict(config))


def test_every_key_is_described():
    """The schema, which is the documentation, leaves no key without a sentence."""
    definitions = settings.schema()["$defs"]
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


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("hub", "hub", 1883),
        ("hub:99", "hub", 99),
        ("::1", "::1", 1883),
        ("[::1]:99", "::1", 99),
        ("[fe80::1]", "fe80::1", 1883),
    ],
)
def test_a_broker_is_a_host_with_or_without_a_port(text, host, port):
    """IPv6 addresses too, in brackets where a port follows."""
    mqtt = settings.load(None, broker_overrides(text)).mqtt
    assert (mqtt.host, mqtt.port) == (host, port)
