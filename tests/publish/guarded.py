"""Brokers with TLS, passwords and the documentation's access list."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.publish.certificates import Authority
from tests.publish.support import Broker

SECRET = "correct-horse-battery"
ACL = Path(__file__).parents[2] / "docs" / "integrations" / "mosquitto.acl"
MUTE = """
user mute
topic write agender/v2/shop/door/availability
topic write agender/v2/shop/door/info
topic write agender/v2/shop/door/health
topic write homeassistant/device/agender_shop_door/config
"""


def guarded_broker(folder: Path, *extra: str) -> Broker:
    """A broker with passwords and an ACL; every user's password is the same."""
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (apt install mosquitto)")
    users, acl = folder / "users", folder / "acl"
    users.write_text("")
    for user in ("door", "mute", "viewer", "operator"):
        command = ["mosquitto_passwd", "-b", str(users), user, SECRET]
        subprocess.run(command, check=True, capture_output=True)
    acl.write_text(ACL.read_text() + MUTE)
    extra = (*extra, "log_type all")
    for file in (users, acl):
        file.chmod(0o600)
    return Broker(folder, f"password_file {users}", f"acl_file {acl}", *extra, anonymous=False)


def password_file(folder: Path, password: str = SECRET) -> str:
    path = folder / f"password-{password}"
    path.write_text(password + "\n")
    return str(path)


def tls_lines(authority: Authority) -> tuple[str, ...]:
    """Configuration lines for a listener that speaks TLS only."""
    certificate, key = authority.issue("broker")
    return f"certfile {certificate}", f"keyfile {key}", f"cafile {authority.ca}"


def tls_broker(folder: Path, authority: Authority, *extra: str) -> Broker:
    """A broker that speaks TLS only, and asks nobody's name."""
    return Broker(folder, *tls_lines(authority), *extra)
