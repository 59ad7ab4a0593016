"""The command line of `flash-kit`; imports nothing heavy, as every verb's does."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from edge.flash.cloud import Security
from edge.flash.release import ARCHITECTURES

HELP = "write what a fresh card needs, so that a device counts by itself"
MORE = """Write Raspberry Pi OS Lite (64-bit, Trixie) to a card without any customisation, then name
its boot partition as OUT, or copy everything in OUT onto it; several devices get a folder each. Put
the card in and power on: the device installs itself (with a network: for the packages from apt, and
unless --offline for those from the index) and counts. agender-edge-status.txt on the boot partition
and `journalctl -u cloud-final -u agender-edge-setup` on the device tell how far it is.

Images of Bookworm read no cloud-init files: use the Ansible role for those."""

COLUMNS = ("device", "hostname", "site", "source", "username", "password_file")


def add(parser: argparse.ArgumentParser) -> None:
    """Everything but the configuration's own flags, which all verbs share."""
    _identity(parser.add_argument_group("the device"))
    _access(parser.add_argument_group("the broker's and the network's secrets"))
    _content(parser.add_argument_group("what is installed"))
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder, or a boot partition")
    for wrong, right in (("password", "password-file"), ("wifi-psk", "wifi-psk-file")):
        parser.add_argument(f"--{wrong}", action=_InPlainSight, right=right, help=argparse.SUPPRESS)


class _InPlainSight(argparse.Action):
    """A secret on the command line, which every user of the machine can read there."""

    def __init__(self, right: str, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._right = right

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.error(
            f"{self.option_strings[0]} would show the secret to every user of this machine (ps): "
            f"write it into a file and name that with --{self._right}, or leave it out to be asked"
        )


def _identity(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--devices",
        type=Path,
        metavar="CSV",
        help=f"several devices, a line each; columns: {', '.join(COLUMNS)} (default: --device)",
    )
    group.add_argument(
        "--camera",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="a further camera of the device, called as its configuration: yard.toml; its password "
        "is in yard.password beside it; may be given several times (default: none)",
    )
    group.set_defaults(privacy_of=None)  # a further camera's flags name the first one's file
    group.add_argument("--hostname", metavar="NAME", help="host name (default: the device's name)")
    group.add_argument("--user", metavar="NAME", default="pi", help="who may log in (default: pi)")
    group.add_argument(
        "--ssh-key",
        type=Path,
        metavar="FILE",
        help="public keys that may log in over SSH (default: none, and nobody can log in)",
    )


def _access(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--username", metavar="NAME", default="", help="user at the broker (default: none)"
    )
    group.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="its first line is the broker's password (default: asked for)",
    )
    group.add_argument(
        "--tls-ca",
        type=Path,
        metavar="FILE",
        help="certificates (PEM) to trust; turns TLS on (default: none, without TLS)",
    )
    group.add_argument(
        "--wifi-ssid",
        metavar="NAME",
        default="",
        help="wireless network (default: none, only the cable)",
    )
    group.add_argument(
        "--wifi-psk-file",
        type=Path,
        metavar="FILE",
        help="its first line is the network's pass phrase (default: asked for)",
    )
    group.add_argument(
        "--wifi-country",
        metavar="CC",
        default="",
        help="country whose radio rules hold, as DE (default: none; needed with --wifi-ssid)",
    )
    group.add_argument(
        "--wifi-security",
        choices=get_args(Security),
        default="wpa2",
        help="of the network; WPA3 takes the pass phrase itself onto the card until the first boot "
        "has ended (default: wpa2, which networks for both take too)",
    )
    group.add_argument(
        "--wifi-hidden", action="store_true", help="the network does not tell its name"
    )


def _content(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--wheel",
        type=Path,
        metavar="FILE",
        help="our wheel (default: built from the checkout that this runs from)",
    )
    group.add_argument(
        "--models", type=Path, metavar="FOLDER", help="models to use (default: the shipped ones)"
    )
    group.add_argument(
        "--offline",
        action="store_true",
        help="put all wheels into the kit (65 MB in all); then only apt needs a network, and not "
        "even apt where the image has python3-numpy and python3-picamera2",
    )
    group.add_argument(
        "--index-url",
        metavar="URL",
        default="",
        help="package index, of this machine and of the device (default: pip's own)",
    )
    group.add_argument(
        "--machine",
        choices=tuple(ARCHITECTURES),
        default="aarch64",
        help="x86_64 for a PC with Debian Trixie and cloud-init (default: aarch64)",
    )
    group.add_argument(
        "--reboot-when-stuck",
        action="store_true",
        help="let the device reboot when its camera cannot be had for half an hour",
    )
