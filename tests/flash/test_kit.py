"""What a kit holds and how it is put onto a card."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edge.cli.flags import overrides
from edge.cli.verbs import parser
from edge.config import read as settings
from edge.config.tables import Config
from edge.errors import ModelError, UserError
from edge.flash import access, configured, erase, target, wheels
from edge.flash.cloud import Wifi, network_config, wifi_key
from edge.flash.devices import devices
from edge.flash.kit import FIRST_BOOT, FOLDER, Kit, Login
from edge.flash.release import RELEASES
from tests.shared import MODELS, ROOT

WIFI = Wifi("Café", wifi_key("Café", "open sesame"), "DE")
KERNEL_WORDS = "cgroup_enable=memory cfg80211.ieee80211_regdom=DE"
GOOD = ("--site", "shop", "--device", "door", "--broker", "hub.local")


def kit(**changes: object) -> Kit:
    """A kit of a device with everything."""
    values: dict[str, object] = {
        "device": "door", "hostname": "door", "user": "pi", "ssh_keys": ("ssh-ed25519 AAAA me",),
        "wifi": WIFI, "config": '[device]\nsite = "shop"\n', "ca": None,
        "login": Login(username="door", password="correct horse"),
        "packages": ("python3-numpy",), "drop_ins": (), "payload": {"lock.txt": b"pip==1\n"},
    }  # fmt: skip
    return Kit(**(values | changes))  # type: ignore[arg-type]


def parsed(*arguments: str) -> argparse.Namespace:
    """The command line as the verb gets it."""
    return parser().parse_args(["flash-kit", *arguments, "out"])


def config_of(*arguments: str) -> Config:
    """The configuration of the only device of a command line."""
    line = parsed(*arguments)
    (device,) = devices(line)
    return configured.configuration(line, overrides, device)


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


def test_user_data_is_cloud_config_that_starts_the_first_boot_last(tmp_path: Path):
    """YAML behind its marker; host name, a user without password, the first boot last."""
    text = bytes(kit().files()["user-data"]).decode()
    assert text.startswith("#cloud-config\n")
    content = yaml.safe_load(text)
    assert content["runcmd"][-1] == ["sh", "/boot/firmware/agender-edge/first-boot"]
    assert content["hostname"] == "door"
    assert content["users"][0]["lock_passwd"] is True
    assert content["users"][0]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA me"]


def test_the_files_that_start_a_card_come_last():
    """A card pulled out while it is written starts as it would have without the kit."""
    assert list(kit().files())[-1] == "user-data"


def test_every_kit_is_a_new_device_to_cloud_init():
    """So that a card that was started before takes the new kit."""
    first, second = (json.loads(bytes(kit().files()["meta-data"])) for _ in range(2))
    assert first["instance-id"] != second["instance-id"]


def test_without_a_key_nobody_can_log_in():
    """No SSH server, no key, no sudo; and no password in any case."""
    files = kit(ssh_keys=()).files()
    assert "ssh" not in files
    assert "sudo:" not in str(yaml.safe_load(bytes(files["user-data"]))["users"])


def test_the_wireless_key_is_the_standards():
    """IEEE 802.11i, annex H.4: its first test vector."""
    assert wifi_key("IEEE", "password") == (
        "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    )


def test_the_network_has_the_key_and_not_the_phrase():
    """netplan's form; people use their pass phrases elsewhere, too."""
    text = network_config(WIFI).decode()
    point = yaml.safe_load(text)["network"]["wifis"]["wlan0"]
    assert point["access-points"] == {"Café": {"password": WIFI.key}}
    assert point["regulatory-domain"] == "DE"
    assert "sesame" not in text


@pytest.mark.parametrize(
    ("wifi", "point"),
    [
        (Wifi("n", "k", "DE", hidden=True), {"password": "k", "hidden": True}),
        (Wifi("n", "phrase", "DE", "wpa3"),
         {"auth": {"key-management": "sae", "password": "phrase"}}),
        (Wifi("n", "", "DE", "open"), {}),
        (Wifi("n", "", "DE", "open", hidden=True), {"hidden": True}),
    ],
)  # fmt: skip
def test_hidden_open_and_wpa3_networks_are_as_netplan_writes_them(wifi: Wifi, point: object):
    """`hidden`, no password at all, SAE with the pass phrase itself."""
    points = yaml.safe_load(network_config(wifi))["network"]["wifis"]["wlan0"]["access-points"]
    assert points == {"n": point}


@pytest.mark.parametrize(
    ("words", "key", "rest"),
    [
        ((), wifi_key("Net", "open sesame"), ("wpa2", False)),
        (("--wifi-hidden",), wifi_key("Net", "open sesame"), ("wpa2", True)),
        (("--wifi-security", "wpa3"), "open sesame", ("wpa3", False)),
    ],
)
def test_what_opens_the_network_follows_from_its_security(tmp_path: Path, words, key, rest):
    """WPA2's key is derived here; WPA3 has none that could be."""
    phrase = tmp_path / "phrase"
    phrase.write_text("open sesame\n")
    named = ("--wifi-ssid", "Net", "--wifi-country", "de", "--wifi-psk-file", str(phrase))
    found = access.wifi(parsed(*GOOD, *named, *words))
    assert found == Wifi("Net", key, "DE", *rest)


def test_an_open_network_asks_for_no_pass_phrase():
    """Nobody is there to answer in a script."""
    words = ("--wifi-ssid", "Net", "--wifi-country", "DE", "--wifi-security", "open")
    assert access.wifi(parsed(*GOOD, *words)) == Wifi("Net", "", "DE", "open")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("root=x rootwait\n", f"root=x rootwait {KERNEL_WORDS}\n"),
        ("a cfg80211.ieee80211_regdom=GB b", f"a b {KERNEL_WORDS}"),
    ],
)
def test_a_card_starts_with_the_radio_of_its_country(tmp_path: Path, before: str, after: str):
    """On the kernel's command line, as Raspberry Pi's own tools write it; unblocked before all."""
    boot = boot_partition(tmp_path / "boot")
    (boot / "cmdline.txt").write_text(before)
    for _ in range(2):
        target.write(boot, kit().files(), kit().kernel_words)
        assert (boot / "cmdline.txt").read_text() == after
    runs = [yaml.safe_load(bytes(made.files()["user-data"]))["runcmd"] for made in
            (kit(), kit(wifi=None))]  # fmt: skip
    assert (["rfkill unblock wifi" in str(run[0]) for run in runs]) == [True, False]
    assert kit(wifi=None).kernel_words == ("cgroup_enable=memory",)


def test_secrets_are_in_the_files_that_the_first_boot_removes_and_nowhere_else():
    """The password in one file of the kit's folder, the network's key in network-config."""
    files = kit().files()
    read = {
        name: held if isinstance(held, bytes) else held.read_bytes() for name, held in files.items()
    }
    holding = {name for name, content in read.items() if b"correct horse" in content}
    assert holding == {f"{FOLDER}/mqtt-password"}
    assert WIFI.key.encode() not in bytes(files[f"{FOLDER}/network-config.after"])


@pytest.mark.parametrize("secret", [WIFI, Login(username="door", password="correct horse")])
def test_secrets_do_not_show_in_tracebacks(secret: object):
    """A repr without the key, without the password."""
    assert WIFI.key not in repr(secret)
    assert "correct horse" not in repr(secret)


def test_damage_on_the_card_can_be_told(tmp_path: Path):
    """The sums in the kit are those that sha256sum checks, of every file but themselves."""
    target.write(tmp_path / "card", kit().files())
    folder = tmp_path / "card" / FOLDER
    check = ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder, check=False).returncode == 0
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    (folder / "config.toml").write_text("rotten")
    done = subprocess.run(check, cwd=folder, check=False, capture_output=True)
    assert done.returncode == 1


def boot_partition(folder: Path) -> Path:
    """As the image has it."""
    folder.mkdir()
    for name in ("config.txt", "cmdline.txt", "user-data", "network-config", "meta-data"):
        (folder / name).write_text(f"# the image's {name}\n")
    return folder


def test_what_the_image_had_is_kept(tmp_path: Path):
    """Beside ours, until the device has started; a second kit does not lose it."""
    boot = boot_partition(tmp_path / "boot")
    for _ in range(2):
        target.check(boot, several=False)
        target.write(boot, kit().files())
    assert (boot / "user-data.orig").read_text() == "# the image's user-data\n"
    assert (boot / "user-data").read_bytes() == kit().files()["user-data"]


def test_a_kit_that_cannot_be_written_changes_nothing(tmp_path: Path):
    """Half of it is never seen: the card is as it was."""
    boot = boot_partition(tmp_path / "boot")
    before = {path.name: path.read_bytes() for path in boot.iterdir()}
    with pytest.raises(UserError, match="cannot be written: No such file"):
        target.write(boot, kit().files() | {f"{FOLDER}/wheel": tmp_path / "gone"})
    assert {path.name: path.read_bytes() for path in boot.iterdir()} == before


def test_a_kit_may_be_written_again_over_itself(tmp_path: Path):
    """A folder that holds a kit and nothing else is one; with anything else it is not."""
    out = tmp_path / "kit"
    target.write(out, kit().files())
    target.check(out, several=False)
    (out / "holiday.jpg").touch()
    with pytest.raises(UserError, match=re.escape("holds other files (holiday.jpg)")):
        target.check(out, several=False)


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
    assert configured.packages(auto) == ("python3-numpy", "python3-zeroconf")


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


@pytest.mark.parametrize("release", RELEASES.values(), ids=tuple(RELEASES))
def test_a_lock_holds_what_the_project_requires(release):
    """Every requirement that holds on 64-bit Arm, in a version that fits, with hashes; no numpy."""
    text = wheels.lock_of(release).read_text()
    entry = r"^([a-z0-9-]+)==(\S+) \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
    pins = dict(re.findall(entry, text, re.MULTILINE))
    assert len(pins) == sum("==" in line and line[0] != "#" for line in text.splitlines())
    arm = {"platform_machine": "aarch64", "python_version": release.python}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in map(Requirement, project["dependencies"]):
        if requirement.name == "numpy" or not (
            requirement.marker is None or requirement.marker.evaluate(arm)
        ):
            continue
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), (requirement, version)
    assert "numpy" not in pins
    assert "pip" in pins


def test_one_entry_of_a_lock_is_taken_with_all_its_hashes():
    """So that pip alone can be fetched, as surely as all of it."""
    wanted = "pip==2 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
    assert wheels._entry(f"a==1 \\\n    --hash=sha256:1\n{wanted}z==4\n", "pip") == wanted


def test_the_first_boot_is_a_script_that_every_shell_reads():
    """As POSIX's sh, and as shellcheck sees it where that is installed."""
    assert subprocess.run(["sh", "-n", FIRST_BOOT], check=False).returncode == 0
    if shutil.which("shellcheck"):
        done = subprocess.run(
            ["shellcheck", FIRST_BOOT], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def modes(folder: Path) -> set[str]:
    return {f"{path.stat().st_mode & 0o777:o}" for path in folder.rglob("*") if path.is_file()}


def test_a_kit_is_its_owners_alone(tmp_path: Path):
    """Files 0600, folders 0700: it holds passwords that came from files of mode 0600."""
    out = tmp_path / "kit"
    target.write(out, kit().files())
    assert modes(out) == {"600"}
    folders = [out, *(path for path in out.rglob("*") if path.is_dir())]
    assert {f"{path.stat().st_mode & 0o777:o}" for path in folders} == {"700"}


def test_a_kit_written_over_another_leaves_nothing_of_that_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The old password, camera and network key are overwritten before their files go."""
    wiped: list[bytes] = []
    real = erase.wipe

    def watching(path: Path) -> None:
        if path.is_file():
            wiped.append(path.read_bytes())
        real(path)

    monkeypatch.setattr(erase, "wipe", watching)
    monkeypatch.setattr(target, "wipe", watching)
    out = tmp_path / "kit"
    target.write(out, kit(config="[source]\nuri = 'rtsp://a:hunter2@cam'\n").files())
    target.write(out, kit(login=Login(), wifi=None).files())
    together = b"".join(wiped)
    for secret in (b"correct horse", b"hunter2", WIFI.key.encode()):
        assert secret in together
        assert not any(secret in path.read_bytes() for path in out.rglob("*") if path.is_file())


def test_a_wiped_file_is_overwritten_where_it_lies(tmp_path: Path):
    """Another name of the same file shows what became of its contents."""
    secret, other = tmp_path / "mqtt-password", tmp_path / "same"
    secret.write_bytes(b"correct horse" * 10_000)
    other.hardlink_to(secret)
    erase.wipe(secret)
    assert not secret.exists()
    assert set(other.read_bytes()) == {0}
    assert other.stat().st_size == 130_000
    erase.wipe(tmp_path / "none")


def test_the_first_boot_wipes_what_held_secrets(tmp_path: Path):
    """By the same check: the file's blocks are overwritten, not just given up."""
    secret, other = tmp_path / "mqtt-password", tmp_path / "same"
    secret.write_bytes(b"correct horse\n")
    other.hardlink_to(secret)
    script = FIRST_BOOT.read_text()
    function = script[script.index("wipe() {") : script.index("start() {")]
    subprocess.run(["sh", "-euc", f"{function}\nwipe {secret} {tmp_path}/none"], check=True)
    assert not secret.exists()
    assert b"correct horse" not in other.read_bytes()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("console=serial0 root=PARTUUID=1-2 rootwait\n",
         "console=serial0 root=PARTUUID=1-2 rootwait cgroup_enable=memory\n"),
        ("root=PARTUUID=1-2", "root=PARTUUID=1-2 cgroup_enable=memory"),
        ("a cgroup_enable=memory b\n", "a cgroup_enable=memory b\n"),
    ],
)  # fmt: skip
def test_a_card_starts_with_the_memory_controller_on(tmp_path: Path, before: str, after: str):
    """Else no limit of a unit holds on Raspberry Pi OS; twice is not once more."""
    boot = boot_partition(tmp_path / "boot")
    (boot / "cmdline.txt").write_text(before)
    for _ in range(2):
        target.write(boot, kit().files())
        assert (boot / "cmdline.txt").read_text() == after


@pytest.mark.parametrize("text", ["root=x rootwait\n", "root=x rootwait", "root=x\nmore\n"])
def test_a_kit_that_is_copied_turns_it_on_at_its_first_boot(tmp_path: Path, text: str):
    """The same line, by the script."""
    (tmp_path / "cmdline.txt").write_text(text)
    script = FIRST_BOOT.read_text()
    function = script[script.index("enable_memory_controller() {") : script.index("# Overwritten")]
    program = f"BOOT={tmp_path}; restart=\n{function}\nenable_memory_controller; echo $restart"
    hidden = program.replace("/sys/fs/cgroup/cgroup.controllers", "/dev/null")
    done = subprocess.run(["sh", "-euc", hidden], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "1"
    assert (tmp_path / "cmdline.txt").read_text().split("\n")[0].endswith(" cgroup_enable=memory")
    assert not list(tmp_path.glob("*.new"))
    again = subprocess.run(["sh", "-euc", hidden], check=True, capture_output=True, text=True)
    assert again.stdout.strip() == ""
