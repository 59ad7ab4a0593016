"""What a command line or table makes of each device: configuration, packages, models."""

from __future__ import annotations

import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from edge.cli.flags import overrides
from edge.config import read as settings
from edge.errors import ModelError, UserError
from edge.flash import configured, wheels
from edge.flash.devices import devices
from tests.flash.kits import GOOD, config_of, parsed
from tests.shared import MODELS


def test_each_device_of_a_table_may_have_its_camera_s_password(tmp_path: Path):
    """A table is a file, which `ps` does not show; the device's own file carries the address."""
    table = tmp_path / "devices.csv"
    table.write_text(
        "device,source\ndoor,rtsp://viewer:hunter2@10.0.0.7/1\ntill,rtsp://v:x%40y@10.0.0.8/1\n"
        "stairs,\n"
    )
    line = parsed("--site", "shop", "--devices", str(table), "--broker", "hub.local",
                  "--source", "picamera")  # fmt: skip
    configs = [configured.configuration(line, overrides, device) for device in devices(line)]
    assert [config.source.uri for config in configs] == [
        "rtsp://viewer:hunter2@10.0.0.7/1", "rtsp://v:x%40y@10.0.0.8/1", "picamera"
    ]  # fmt: skip
    assert 'uri = "rtsp://viewer:hunter2@10.0.0.7/1"' in settings.changed_as_toml(configs[0])


def test_the_devices_file_is_what_its_first_boot_reads(tmp_path: Path):
    """Only what differs from the defaults, and the same configuration when read again."""
    config = config_of(*GOOD, "--username", "door", "--set", "window.length_s=30",
                       "--set", "source.region=[0, 0, 0.5, 1]")  # fmt: skip
    path = tmp_path / "config.toml"
    path.write_text(settings.changed_as_toml(config))
    assert settings.load(path) == config
    assert set(tomllib.loads(path.read_text())) == {"device", "source", "window", "mqtt"}


def test_a_certificate_turns_tls_and_its_port_on(tmp_path: Path):
    """Unless a port is named."""
    config = config_of(*GOOD, "--tls-ca", "ca.pem")
    assert (config.mqtt.tls, config.mqtt.port) == (True, 8883)
    assert config.mqtt.ca_file == "/etc/agender-edge/ca.pem"
    assert config_of(*GOOD, "--broker", "hub:8884", "--tls-ca", "ca.pem").mqtt.port == 8884


def test_picamera2_is_asked_of_apt_where_it_is_needed():
    """Debian's own archive has none, and a USB camera needs none."""
    assert configured.packages(config_of(*GOOD)) == ("python3-numpy", "python3-picamera2")
    assert configured.packages(config_of(*GOOD, "--source", "usb:0")) == ("python3-numpy",)
    auto = config_of(*GOOD, "--source", "usb:0", "--broker", "auto", "--tls-ca", "ca.pem")
    assert configured.packages(auto) == ("python3-numpy", "python3-zeroconf", "python3-dnspython")


def test_only_a_network_camera_gives_vision_a_network():
    """Every other source leaves it without."""
    assert configured.needs_network(config_of(*GOOD, "--source", "rtsp://cam/1"))
    assert configured.needs_network(config_of(*GOOD, "--source", "HTTP://cam/mjpeg"))
    assert not configured.needs_network(config_of(*GOOD))
    assert not configured.needs_network(config_of(*GOOD, "--source", "file:///clips/a.mp4"))


def test_several_devices_share_what_a_table_does_not_say(tmp_path: Path):
    """A line each; an empty field takes the flag's value."""
    table = tmp_path / "devices.csv"
    table.write_text("device,hostname,source,username\nDoor_1,,usb:0,a\ntill,cash,,\n")
    line = parsed("--site", "shop", "--broker", "h", "--devices", str(table), "--username", "all")
    door, till = devices(line)
    assert (door.name, door.hostname, door.camera, door.username) == (
        "Door_1",
        "door-1",
        "usb:0",
        "a",
    )
    assert (till.hostname, till.source, till.username, till.site) == ("cash", None, "all", "shop")


def test_a_table_of_a_spreadsheet_with_semicolons_is_the_same(tmp_path: Path):
    """So it writes where a comma is the decimal sign, with the byte order mark of Windows."""
    table = tmp_path / "devices.csv"
    table.write_text("device;source\ndoor;usb:0\ntill;\n", encoding="utf-8-sig")
    door, till = devices(parsed("--broker", "h", "--devices", str(table)))
    assert [(one.name, one.camera) for one in (door, till)] == [("door", "usb:0"), ("till", None)]


def test_a_model_that_the_kit_lacks_is_told_before_the_device_tells_it():
    """With those that there are."""
    config = config_of(*GOOD, "--detector", "near", "--set", 'estimator.models=["mine"]')
    with pytest.raises(UserError, match="no model mine in the kit; there are: agender_64, blaze"):
        configured.check_models(config, MODELS)


def test_a_kit_for_commercial_use_alone_brings_no_other_network(tmp_path: Path):
    """The cards decide that lie in the kit: the shipped wheel's, or the user's own."""
    only = (*GOOD, "--set", "estimator.commercial_only=true")
    with pytest.raises(ModelError, match="not free for commercial use: libface"):
        configured.check_models(config_of(*only), MODELS)
    configured.check_models(config_of(*GOOD), MODELS)
    configured.check_models(config_of(*only, "--detector", "near"), MODELS)
    wheel = tmp_path / "agender_edge-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for card in MODELS.glob("*.json"):
            archive.write(card, f"models_tflite/{card.name}")
    (tmp_path / "cards").mkdir()
    cards = wheels.cards_in(wheel, tmp_path / "cards")
    with pytest.raises(ModelError, match="not free for commercial use: libface"):
        configured.check_models(config_of(*only), cards)
