"""Who may reach the device and what it reaches: SSH keys, the wireless network, certificates."""

from __future__ import annotations

import argparse
import re
import ssl
from pathlib import Path

from edge.config.countries import COUNTRIES
from edge.errors import UserError
from edge.flash import secret
from edge.flash.cloud import Wifi, wifi_key

USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
KEY = re.compile(r"(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?")


def user(name: str) -> str:
    """A name that Linux takes for a person."""
    if not USER.fullmatch(name) or name == "root":
        raise UserError(f"--user {name}: use a-z, 0-9, _ and - (at most 32), and not root")
    return name


def ssh_keys(file: Path | None) -> tuple[str, ...]:
    """The public keys of a file as OpenSSH writes them, one a line."""
    if file is None:
        return ()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UserError(f"--ssh-key {file}: cannot be read: {reason}") from error
    if any("PRIVATE KEY" in line for line in lines):
        raise UserError(f"--ssh-key {file}: is a private key, which never leaves your machine; "
                        f"name the public one, {file}.pub")  # fmt: skip
    keys = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not keys or not all(KEY.fullmatch(key) for key in keys):
        raise UserError(f"--ssh-key {file}: holds no public SSH keys, one a line")
    return keys


def wifi(parsed: argparse.Namespace) -> Wifi | None:
    """The wireless network, if one is named; its key is derived here."""
    if not parsed.wifi_ssid:
        if parsed.wifi_psk_file or parsed.wifi_country or parsed.wifi_hidden:
            raise UserError("--wifi-ssid is missing: name the wireless network")
        return None
    ssid: str = parsed.wifi_ssid
    if len(ssid.encode()) > 32:
        raise UserError("--wifi-ssid: is longer than 32 bytes, which no network's name is")
    country: str = parsed.wifi_country.upper()
    if country not in COUNTRIES:
        advice = " (the United Kingdom is GB)" if country == "UK" else ""
        raise UserError(
            "--wifi-country: name the country by its two letters of ISO 3166, as DE; a Raspberry "
            f"Pi keeps its radio off without one{advice}"
        )
    return Wifi(ssid, _wifi_key(parsed), country, parsed.wifi_security, parsed.wifi_hidden)


def _wifi_key(parsed: argparse.Namespace) -> str:
    """What opens the network: WPA2's key, derived; WPA3's pass phrase; nothing of an open one."""
    if parsed.wifi_security == "open":
        if parsed.wifi_psk_file:
            raise UserError("--wifi-psk-file: an open network has no pass phrase")
        return ""
    phrase = secret.read(parsed.wifi_psk_file, "--wifi-psk-file", "the network's pass phrase")
    if parsed.wifi_security == "wpa3":
        return phrase
    if re.fullmatch(r"[0-9a-fA-F]{64}", phrase):
        return phrase.lower()
    if not re.fullmatch(r"[ -~]{8,63}", phrase):
        raise UserError("the network's pass phrase must have 8 to 63 ASCII characters (WPA2)")
    return wifi_key(parsed.wifi_ssid, phrase)


def certificates(file: Path | None) -> Path | None:
    """A file with at least one certificate."""
    if file is None:
        return None
    try:
        loaded = ssl.create_default_context(cafile=file).get_ca_certs()
    except ssl.SSLError as error:
        raise UserError(f"--tls-ca {file}: holds no certificate in PEM form") from error
    except OSError as error:
        raise UserError(f"--tls-ca {file}: cannot be read: {error.strerror}") from error
    if not loaded:
        raise UserError(f"--tls-ca {file}: holds no certificate that signs others (CA:TRUE)")
    return file
