"""The wireless network as a kit writes it: key, security, radio."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edge.flash import access, target
from edge.flash.cloud import Wifi, network_config, wifi_key
from tests.flash.kits import GOOD, KERNEL_WORDS, WIFI, boot_partition, kit, parsed


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
