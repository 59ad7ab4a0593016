"""Addresses without what is secret in them."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown(uri: str) -> str:
    """An address fit for a log or a message: without user, password and query.

    What is no address (a path, `picamera:1`) stays as it is.
    """
    if "://" not in uri:
        return uri
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def holds_password(text: str) -> bool:
    """Whether an address names a password."""
    if "://" not in text:
        return False
    user, at, _ = urlsplit(text).netloc.rpartition("@")
    return bool(at) and ":" in user
