"""The keys that say where the broker is and how it is reached."""

from __future__ import annotations

import pytest

from edge.broker_address import Endpoint, broker_overrides
from edge.config import read as settings
from edge.config.proxy import proxy_of
from edge.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("", 1883),
        ("tls = true", 8883),
        ("tls = true\nport = 1883", 1883),
        ("port = 8883", 8883),
        ('transport = "websockets"', 80),
        ('transport = "websockets"\ntls = true', 443),
        ('transport = "websockets"\nport = 1883', 1883),
    ],
)
def test_tls_implies_its_port_and_a_named_port_stays(tmp_path, text, port):
    """A device that speaks TLS elsewhere goes on to; what is written says the same when read."""
    file = tmp_path / "config.toml"
    file.write_text(f"[mqtt]\n{text}\n")
    config = settings.load(file)
    assert config.mqtt.port == port
    for written in (settings.as_toml(config), settings.changed_as_toml(config)):
        file.write_text(written)
        assert settings.load(file).mqtt.port == port
    file.write_text("")
    assert settings.load(file, ["mqtt.tls=true"]).mqtt.port == 8883


@pytest.mark.parametrize(
    ("text", "endpoint", "told"),
    [
        ("hub", Endpoint("hub", 1883), "hub:1883"),
        ("ws://hub", Endpoint("hub", 80, path="/mqtt"), "ws://hub:80"),
        ("ws://hub:9001/", Endpoint("hub", 9001, path="/"), "ws://hub:9001"),
        ("WSS://hub.local/a/b", Endpoint("hub.local", 443, True, "/a/b"), "wss://hub.local:443"),
        ("wss://[::1]:99", Endpoint("::1", 99, True, "/mqtt"), "wss://[::1]:99"),
    ],
)
def test_a_broker_may_be_an_address_of_websockets(text, endpoint, told):
    """Scheme, port and path become keys of their own; nothing of the path is told."""
    mqtt = settings.load(None, broker_overrides(text)).mqtt
    assert mqtt.endpoint == endpoint
    assert str(endpoint) == told


@pytest.mark.parametrize(
    "text",
    ["ws://", "wss:///mqtt", "ws://door:hunter2@hub/mqtt", "wss://hub/mqtt?token=hunter2",
     "ws://hub:0", "ws://hub:99999", "ws://hub/two words", "ws://hub/mqtt#hunter2",
     "ws://hub/a\r\nX: hunter2"],
)  # fmt: skip
def test_what_is_no_address_of_websockets_is_told_in_one_sentence(text):
    """A secret has no place on the command line, and is not repeated."""
    with pytest.raises(ConfigError, match=r"as wss://hub\.local:443/mqtt") as told:
        broker_overrides(text)
    assert "hunter2" not in str(told.value)


def test_a_secret_path_or_proxy_stays_off_the_command_line(tmp_path):
    """`ps` would show it; in the file it is taken, and an error repeats none of it."""
    for secret in ("mqtt.path=/mqtt?token=hunter2", "mqtt.proxy=http://door:hunter2@proxy:3128"):
        with pytest.raises(ConfigError, match="holds a password") as told:
            settings.load(None, [secret])
        assert "hunter2" not in str(told.value)
    file = tmp_path / "config.toml"
    file.write_text('[mqtt]\npath = "/mqtt?t=hunter2"\nproxy = "http://d:hunter2@p:3128"\n')
    assert settings.load(file).mqtt.path == "/mqtt?t=hunter2"
    for wrong in ("proxy = 'http://d:hunter2@p'", "proxy = 'https://d:hunter2@p:1'",
                  "proxy = 'd:hunter2@p:1'", "proxy = 'http://d:hunter2@p:1/x'",
                  "path = 'hunter2'", "path = '/hunter2 '"):  # fmt: skip
        file.write_text(f"[mqtt]\n{wrong}\n")
        with pytest.raises(ConfigError) as told:
            settings.load(file)
        assert "hunter2" not in str(told.value)


def test_a_proxys_login_is_read_as_addresses_write_it():
    """Letters with a meaning are written by their numbers."""
    found = proxy_of("http://door:a%3Ab%40@proxy.example:3128")
    assert found == ("proxy.example", 3128, "door:a:b@")
    assert "a:b" not in repr(found)


def test_alpn_is_a_part_of_tls():
    """Without TLS nothing would name the protocol; `config check` says so before a device does."""
    with pytest.raises(ConfigError, match=r"mqtt\.alpn is part of TLS: set mqtt\.tls = true"):
        settings.load(None, ["mqtt.alpn=mqtt"])
    assert settings.load(None, ["mqtt.alpn=mqtt", "mqtt.tls=true"]).mqtt.alpn == "mqtt"
