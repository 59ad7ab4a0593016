"""Addresses in logs and messages hold no secret, and none is taken from a command line."""

from __future__ import annotations

import pytest

from edge.errors import ConfigError
from edge.redact import holds_password, shown
from edge.settings import load

SECRETS = [
    ("rtsp://admin:p%40ss@10.0.0.5:554/live?token=a", "rtsp://10.0.0.5:554/live"),
    ("rtsp://admin@cam/live", "rtsp://cam/live"),
    ("rtsps://a:b@[fe80::1]:322/x", "rtsps://[fe80::1]:322/x"),
]


@pytest.mark.parametrize(("uri", "safe"), SECRETS)
def test_user_password_and_query_are_not_shown(uri: str, safe: str) -> None:
    """What is left is enough to know the camera."""
    assert shown(uri) == safe


@pytest.mark.parametrize(
    "uri", ["picamera", "picamera:1", "/dev/video0", "clips/a@b:c.mkv", "usb:0"]
)
def test_what_is_no_address_stays_as_it_is(uri: str) -> None:
    """Paths and camera names have no user in them."""
    assert shown(uri) == uri
    assert not holds_password(uri)


def test_a_password_on_the_command_line_is_refused() -> None:
    """It would stand in `ps` for everybody; the sentence doesn't repeat it."""
    with pytest.raises(ConfigError, match=r"source.uri holds a password") as caught:
        load(None, ["source.uri=rtsp://admin:horse@10.0.0.5/live"])
    assert "horse" not in str(caught.value)
    assert load(None, ["source.uri=rtsp://10.0.0.5/live"]).source.uri == "rtsp://10.0.0.5/live"
