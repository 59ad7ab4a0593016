"""Mosquitto's password hashes: `$7$<iterations>$<salt>$<PBKDF2-HMAC-SHA512>`, both in base64.

The format is that of mosquitto_passwd since version 1.6; every version since reads it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

ITERATIONS = 101
"""As mosquitto_passwd: the broker works it out at every connect, on a Pi too. Against guessing a
password must be long; those made here have 190 bits.
"""


def hashed(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """A password → what stands behind the colon in the password file."""
    salt = os.urandom(12) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, 64)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"$7${iterations}${'$'.join(parts)}"


def matches(password: str, stored: str) -> bool:
    """Whether a stored hash is that of this password; False for what is no such hash."""
    try:
        _, kind, iterations, salt, _ = stored.split("$")
        again = hashed(password, base64.b64decode(salt), int(iterations))
    except (ValueError, binascii.Error):
        return False
    return kind == "7" and hmac.compare_digest(again, stored)


def password_file(current: str, users: dict[str, str]) -> str:
    """The file for exactly these users; who has the right hash already keeps it."""
    stored = dict(line.split(":", 1) for line in current.splitlines() if ":" in line)
    kept = {
        user: stored[user] if matches(password, stored.get(user, "")) else hashed(password)
        for user, password in users.items()
    }
    return "".join(f"{user}:{value}\n" for user, value in sorted(kept.items()))
