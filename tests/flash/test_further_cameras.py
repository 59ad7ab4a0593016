"""`flash-kit --camera FILE`: further cameras of one device, from the command line to the card."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from edge.cli.flags import overrides
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.flash import configured
from edge.flash.cameras import Further, further, require_apart
from edge.flash.devices import devices
from edge.flash.kit import FIRST_BOOT, FOLDER
from edge.init.places import Places
from tests.flash.kits import CAMERA, GOOD, config_of, kit, parsed

SOURCE = '[source]\nuri = "usb:1"\n'


def camera(file: Path, text: str, *flags: str) -> Further:
    """The only further camera of a command line, whose file holds `text`."""
    file.write_text(text)
    line = parsed(*GOOD, "--camera", str(file), *flags)
    (found,) = further(line, devices(line))
    return found


def of(found: Further) -> Config:
    """The configuration that its file and the flags make."""
    return configured.configuration(found.parsed, overrides, found.device)


def test_a_further_camera_is_a_device_that_is_called_after_its_file(tmp_path: Path):
    """The flags hold for it too, but for the first one's name, source, user and password."""
    found = camera(tmp_path / "yard.toml", SOURCE, "--source", "usb:0", "--username", "door",
                   "--password-file", "door.password", "--set", "privacy.k=7")  # fmt: skip
    config = of(found)
    assert (found.name, config.device.name, config.device.site) == ("yard", "door-yard", "shop")
    assert (config.source.uri, config.mqtt.username) == ("usb:1", "door-yard")
    assert (config.mqtt.host, config.privacy.k) == ("hub.local", 7)
    assert found.device.password_file == tmp_path / "yard.password"


def test_its_file_may_say_who_it_is_at_the_broker(tmp_path: Path):
    """Without a user nobody asks for a password."""
    named = SOURCE + '[device]\nname = "court"\n[mqtt]\nusername = "someone"\n'
    config = of(camera(tmp_path / "yard.toml", named))
    assert (config.device.name, config.mqtt.username) == ("court", "someone")
    plain = camera(tmp_path / "yard.toml", SOURCE)
    assert (of(plain).mqtt.username, plain.device.password_file) == ("", None)


@pytest.mark.parametrize(
    ("first", "own", "k", "state"),
    [
        ("k = 5", "", 5, "folded"),
        ('k = 5\nstate = "off"', "k = 7", 7, "off"),
        ("k = 5", "k = 1", 1, "folded"),
        ('profile = "statistics"', "", 10, "off"),
    ],
)
def test_what_the_first_one_s_file_says_of_privacy_holds_for_it_too(
    tmp_path: Path, first: str, own: str, k: int, state: str
):
    """Key by key, unless its own file says otherwise; nothing else of the first one's file does."""
    base = tmp_path / "base.toml"
    base.write_text(f"[privacy]\n{first}\n[page]\nenabled = true\n")
    text = SOURCE + (f"[privacy]\n{own}\n" if own else "")
    config = of(camera(tmp_path / "yard.toml", text, "--config", str(base)))
    assert (config.privacy.k, config.privacy.state, config.page.enabled) == (k, state, False)


def test_a_profile_of_the_first_one_s_cannot_be_weakened_by_the_way(tmp_path: Path):
    """As in one file; who means it says so, by a profile of the camera's own."""
    (tmp_path / "base.toml").write_text('[privacy]\nprofile = "statistics"\n')
    flags = ("--config", str(tmp_path / "base.toml"))
    with pytest.raises(ConfigError, match=r"privacy\.k is weaker than privacy\.profile"):
        of(camera(tmp_path / "yard.toml", SOURCE + "[privacy]\nk = 2\n", *flags))
    text = SOURCE + '[privacy]\nprofile = "none"\n'
    assert of(camera(tmp_path / "yard.toml", text, *flags)).privacy.k == 1


@pytest.mark.parametrize("name", ["config.toml", "a yard.toml", "@.toml"])
def test_a_name_that_no_unit_can_have_is_refused(tmp_path: Path, name: str):
    """And that of the first camera's file."""
    with pytest.raises(UserError, match="the camera is called as the file"):
        camera(tmp_path / name, SOURCE)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    """Before anything is written."""
    with pytest.raises(UserError, match=r"yard\.toml: cannot be read: it is no TOML file"):
        camera(tmp_path / "yard.toml", "source = [")


def test_further_cameras_are_of_one_device():
    """Each device of a table would have them, and the same name at the broker."""
    line = parsed("--site", "shop", "--device", "door,till", "--broker", "h", "--camera", "y.toml")
    with pytest.raises(UserError, match="of one device"):
        further(line, devices(line))


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (("--source", "usb:0"), "source.uri"),
        (("--source", "usb:1"), "device.name"),
        (("--source", "usb:1", "--set", "page.enabled=true", "--set", "device.name=b"),
         "page.port"),
    ],
)  # fmt: skip
def test_cameras_that_would_fight_are_refused(flags: tuple[str, ...], what: str):
    """For one camera, one name, one port."""
    page = ("--set", "page.enabled=true")
    with pytest.raises(UserError, match=f"have the same {re.escape(what)}"):
        require_apart([config_of(*GOOD, "--source", "usb:0", *page), config_of(*GOOD, *flags)])


def test_the_kit_brings_what_each_camera_has_for_itself():
    """In a folder of its name; the first boot and the sums know it."""
    files = kit(further={"yard": CAMERA}).files()
    for name in ("config.toml", "drop-ins", "mqtt-username", "mqtt-password"):
        assert files[f"{FOLDER}/cameras/yard/{name}"] == files[f"{FOLDER}/{name}"]
        assert f"  cameras/yard/{name}\n".encode() in bytes(files[f"{FOLDER}/SHA256SUMS"])
    assert tomllib.loads(bytes(files[f"{FOLDER}/cameras/yard/config.toml"]).decode())
    assert not [name for name in kit().files() if "/cameras/" in name]


def test_the_first_boot_places_each_unit_that_an_instance_needs():
    """Those that `init --instance` would."""
    script = FIRST_BOOT.read_text()
    (listed,) = re.findall(r'^TEMPLATES="([^"]+)"', script, re.MULTILINE)
    assert set(listed.split()) == set(Places(instance="yard").shipped)
