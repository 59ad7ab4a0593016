"""The keys that say where the broker is and how it is reached."""

from __future__ import annotations

import pytest

from edge.config import read as settings


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("", 1883),
        ("tls = true", 8883),
        ("tls = true\nport = 1883", 1883),
        ("port = 8883", 8883),
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
