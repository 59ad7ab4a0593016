"""What is wrong on the command line or of several choices is told by what would be right."""

from __future__ import annotations

import json

import msgspec
import pytest

from edge.broker_address import broker_overrides
from edge.cli.flags import FLAGS, overrides
from edge.cli.verbs import parser
from edge.config import read as settings
from edge.config import refusal
from edge.config.refusal import schema
from edge.config.tables import Config
from edge.errors import ConfigError
from tests.main_job.program import run


def choices(entry):
    """What a key of the schema, or each element of its list, may be; empty where that is open."""
    items = entry.get("items")
    return entry.get("enum") or (items.get("enum", []) if isinstance(items, dict) else [])


CHOICES = {
    f"{section}.{key}": entry
    for section, held in msgspec.structs.asdict(Config()).items()
    for key, entry in schema()["$defs"][type(held).__name__]["properties"].items()
    if choices(entry)
}


@pytest.mark.parametrize("key", CHOICES)
def test_a_key_with_choices_names_them(key):
    """Whatever else is written there; and what was written is not repeated for the secretive."""
    one = "enum" in CHOICES[key]
    wrong, place = ("hunter2", key) if one else (["hunter2"], f"{key}[0]")
    with pytest.raises(ConfigError) as caught:
        settings.load(None, [f"{key}={json.dumps(wrong)}"])
    said = str(caught.value)
    for choice in choices(CHOICES[key]):
        assert json.dumps(choice) in said
    assert "hunter2" not in said.replace(f'{place} = "hunter2"', "")
    assert ("hunter2" in said) == (not key.startswith(("source.", "mqtt.")))


EACH_CHOICE = [
    (f"{section}.{key}", choice)
    for section, values in msgspec.to_builtins(Config()).items()
    for key in values
    for choice in refusal._key_schema(f"{section}.{key}").get("enum", [])
]


@pytest.mark.parametrize(("key", "choice"), EACH_CHOICE)
def test_every_choice_can_be_made_on_the_command_line(key, choice):
    """Also where it looks like a number, as the versions of MQTT do."""
    section, name = key.split(".")
    config = settings.load(None, [f"{key}={choice}"])
    assert getattr(getattr(config, section), name) == choice


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        (" ", "it is empty"),
        ("[]", "it is empty"),
        ("mqtt://hub", "leave the scheme away"),
        ("mqtt://hub.local", "leave the scheme away"),
        ("tcp://hub.local:1883", "leave the scheme away"),
        ("mqtts://hub.local", "mqtt.tls=true"),
        ("mqtts://u:hunter2@hub:8883", "mqtt.tls=true"),
        ("mqtt://door:hunter2@hub.local", "leave the scheme away"),
        ("u:hunter2@hub", "mqtt.username"),
        ("door:hunter2@hub.local", "mqtt.username"),
        ("hub/x", "no path"),
        ("hub.local/mqtt", "no path"),
        ("hub:", "no host's name"),
        ("hub:abc", "no host's name"),
        ("two words", "no host's name"),
        ("[::1", "no host's name"),
        ("[::1]:x", "no host's name"),
        (":1883", "no host's name"),
    ],
)
def test_what_is_no_broker_is_told_in_one_sentence(text, words):
    """It says what would be right, and repeats nothing that may be a password."""
    with pytest.raises(ConfigError, match="--broker takes HOST or HOST:PORT") as told:
        broker_overrides(text)
    assert words in str(told.value)
    assert "hub.local:1883" in str(told.value)
    assert "hunter2" not in str(told.value)
    assert "\n" not in str(told.value)


def test_an_empty_broker_is_not_the_default_one():
    """`--broker "$HUB"` with nothing in it must not count into a broker on this machine."""
    done = run("config", "show", "--broker", "")
    assert done.returncode == ConfigError.status
    assert "it is empty" in done.stderr


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_without_a_value_is_refused_by_name(flag):
    """An unset variable of a shell must not choose the current folder, or nothing."""
    with pytest.raises(ConfigError, match=f"--{flag} is empty: name"):
        overrides(parser().parse_args(["run", f"--{flag}", ""]))
