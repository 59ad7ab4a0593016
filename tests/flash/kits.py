"""Kits and command lines that the tests of this folder share."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.cli.flags import overrides
from edge.cli.verbs import parser
from edge.config.tables import Config
from edge.flash import configured
from edge.flash.cloud import Wifi, wifi_key
from edge.flash.devices import devices
from edge.flash.kit import Camera, Kit, Login

WIFI = Wifi("Café", wifi_key("Café", "open sesame"), "DE")


KERNEL_WORDS = "cgroup_enable=memory cfg80211.ieee80211_regdom=DE"


GOOD = ("--site", "shop", "--device", "door", "--broker", "hub.local")


CAMERA = Camera(
    config='[device]\nsite = "shop"\n',
    login=Login(username="door", password="correct horse"),
    drop_ins=(),
)


def kit(**changes: object) -> Kit:
    """A kit of a device with everything."""
    values: dict[str, object] = {
        "device": "door", "hostname": "door", "user": "pi", "ssh_keys": ("ssh-ed25519 AAAA me",),
        "wifi": WIFI, "ca": None, "camera": CAMERA, "further": {},
        "packages": ("python3-numpy",), "payload": {"lock.txt": b"pip==1\n"},
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


def boot_partition(folder: Path) -> Path:
    """As the image has it."""
    folder.mkdir()
    for name in ("config.txt", "cmdline.txt", "user-data", "network-config", "meta-data"):
        (folder / name).write_text(f"# the image's {name}\n")
    return folder
