"""The three files that cloud-init reads on the boot partition, written as JSON, which is YAML.

Only keys of cloud-init itself: those that Raspberry Pi OS adds would not pass its schema.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

GROUPS = ("adm", "dialout", "audio", "users", "sudo", "video", "plugdev", "input", "netdev")
BOOT = "/boot/firmware"
UNBLOCK = ["sh", "-c", "rfkill unblock wifi || true"]


Security = Literal["wpa2", "wpa3", "open"]
"""How a wireless network lets devices in."""


@dataclass(frozen=True, slots=True)
class Wifi:
    """A wireless network; `key` is the one that is derived from the pass phrase.

    WPA3 takes no derived key, but the pass phrase itself; an open network has none.
    """

    ssid: str
    key: str
    country: str
    security: Security = "wpa2"
    hidden: bool = False

    def __repr__(self) -> str:
        """Without the key: this may end up in a traceback."""
        return f"Wifi(ssid={self.ssid!r}, key=…, country={self.country!r})"


def wifi_key(ssid: str, passphrase: str) -> str:
    """WPA2's pre-shared key, 64 hexadecimal digits (IEEE 802.11i, annex H.4).

    It opens this network alone; the pass phrase itself, which people use elsewhere too, stays here.
    """
    digest = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid.encode(), 4096, 32)
    return digest.hex()


def user_data(
    hostname: str, user: str, ssh_keys: tuple[str, ...], folder: str, *, radio: bool = False
) -> bytes:
    """Host name, one user (by key, never by password), and the start of our own first boot.

    `radio`: Raspberry Pi OS blocks it until a country is set by its own tools.
    """
    person: dict[str, Any] = {
        "name": user,
        "groups": list(GROUPS),
        "shell": "/bin/bash",
        "lock_passwd": True,
    }
    if ssh_keys:
        person |= {"ssh_authorized_keys": list(ssh_keys), "sudo": "ALL=(ALL) NOPASSWD:ALL"}
    content = {
        "hostname": hostname,
        "manage_etc_hosts": True,
        "ssh_pwauth": False,
        "users": [person],
        "runcmd": [*([UNBLOCK] if radio else []), ["sh", f"{BOOT}/{folder}/first-boot"]],
    }
    return b"#cloud-config\n" + _json(content)


def network_config(wifi: Wifi | None) -> bytes:
    """The cable, where there is one, and the wireless network, if any."""
    network: dict[str, Any] = {
        "version": 2,
        "ethernets": {"eth0": {"dhcp4": True, "optional": True}},
    }
    if wifi:
        point = _access_point(wifi)
        network["wifis"] = {
            "wlan0": {
                "dhcp4": True,
                "optional": True,
                "regulatory-domain": wifi.country,
                "access-points": {wifi.ssid: point},
            }
        }
    return _json({"network": network})


def _access_point(wifi: Wifi) -> dict[str, Any]:
    """Netplan's form of it."""
    hidden = {"hidden": True} if wifi.hidden else {}
    if wifi.security == "open":
        return hidden
    if wifi.security == "wpa3":
        return {"auth": {"key-management": "sae", "password": wifi.key}, **hidden}
    return {"password": wifi.key, **hidden}


def meta_data(instance: str) -> bytes:
    """Another name makes cloud-init take the card for a new device, and start over."""
    return _json({"instance-id": instance, "dsmode": "local"})


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
