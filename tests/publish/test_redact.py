"""Addresses in logs and messages hold no secret, and none is taken from a command line."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.read import load
from edge.errors import ConfigError
from edge.redact import NOT_SHOWN, holds_password, shown, trouble

PASSWORD = "hunter2"
HOST = "10.0.0.5"

WITH_PASSWORD = {
    "Axis": "rtsp://root:hunter2@10.0.0.5/axis-media/media.amp?videocodec=h264",
    "Hikvision": "rtsp://admin:hunter2@10.0.0.5:554/Streaming/Channels/101",
    "Hikvision, old": "rtsp://admin:hunter2@10.0.0.5:554/h264/ch1/main/av_stream",
    "Dahua": "rtsp://admin:hunter2@10.0.0.5:554/cam/realmonitor?channel=1&subtype=0",
    "Reolink": "rtsp://admin:hunter2@10.0.0.5:554/h264Preview_01_main",
    "Reolink, FLV": "http://10.0.0.5/flv?port=1935&app=bcs&stream=channel0_main.bcs&user=admin&password=hunter2",
    "Foscam": "rtsp://admin:hunter2@10.0.0.5:88/videoMain",
    "Foscam, MJPEG": "http://10.0.0.5:88/cgi-bin/CGIStream.cgi?cmd=GetMJStream&usr=admin&pwd=hunter2",
    "Amcrest": "rtsp://admin:hunter2@10.0.0.5/cam/realmonitor?channel=1&subtype=1",
    "TP-Link Tapo": "rtsp://cam:hunter2@10.0.0.5:554/stream1",
    "Wyze": "rtsp://admin:hunter2@10.0.0.5/live",
    "Unifi": "rtsps://10.0.0.5:7441/hunter2?enableSrtp",
    "Xiongmai (XMEye)": "rtsp://10.0.0.5:554/user=admin&password=hunter2&channel=1&stream=0.sdp?",
    "Xiongmai, older": "rtsp://10.0.0.5:554/user=admin_password=hunter2_channel=1_stream=0.sdp",
    "Xiongmai, hashed": "rtsp://10.0.0.5:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream=hunter2",
    "Zmodo": "rtsp://10.0.0.5:10554/tcp/av0_0?user=admin&pwd=hunter2",
    "Vstarcam": "http://10.0.0.5:81/livestream.cgi?user=admin&pwd=hunter2&streamid=0",
    "Uniview": "rtsp://10.0.0.5/0/admin:hunter2/main",
    "Tenvis": "rtsp://10.0.0.5/video?loginuse=admin&loginpas=hunter2",
    "Ezviz": "rtsp://admin:hunter2@10.0.0.5:554/H.264",
    "Geovision": "rtsp://admin:hunter2@10.0.0.5:8554/CH001.sdp",
    "Grandstream": "rtsp://admin:hunter2@10.0.0.5/0",
    "Bosch": "rtsp://service:hunter2@10.0.0.5/rtsp_tunnel?inst=1",
    "Arlo, token": "rtsp://10.0.0.5/stream?token=hunter2",
    "AWS-like": "https://10.0.0.5/hls/live.m3u8?SessionToken=hunter2",
    "user alone": "rtsp://hunter2@10.0.0.5/live",
    "escaped": "rtsp://admin:hunter2%40home@10.0.0.5/live",
    "in the path": "rtsp://10.0.0.5/admin/hunter2/live",
    "after a semicolon": "rtsp://10.0.0.5/live;pw=hunter2",
    "IPv6": "rtsps://a:hunter2@[fe80::1]:322/x",
    "no scheme": "admin:hunter2@10.0.0.5/live",
    "one slash": "rtsp:/admin:hunter2@10.0.0.5/live",
    "no slash": "rtsp:admin:hunter2@10.0.0.5/live",
    "two slashes only": "//admin:hunter2@10.0.0.5/live",
    "slash in it": "rtsp://admin:hunter2/x@10.0.0.5/live",
    "slash after digits": "rtsp://admin:12/hunter2@10.0.0.5/live",
    "hash in it": "rtsp://admin:hunter2#x@10.0.0.5/live",
    "hash after digits": "rtsp://admin:12#hunter2@10.0.0.5/live",
    "question in it": "rtsp://admin:hunter2?x@10.0.0.5/live",
    "question after digits": "rtsp://admin:1?hunter2@10.0.0.5",
    "bracket in it": "rtsp://admin:hunter2[x@10.0.0.5/live",
    "brackets in it": "rtsp://admin:[hunter2]@10.0.0.5/live",
    "at in it": "rtsp://admin:hunter2@x@10.0.0.5/live",
    "colon in it": "rtsp://admin:hunter2:x@10.0.0.5/live",
    "backslash in it": "rtsp://admin:hunter2\\x@10.0.0.5/live",
    "space in it": "rtsp://admin:hunter2 x@10.0.0.5/live",
    "line feed in it": "rtsp://admin:hunter2\nx@10.0.0.5/live",
    "half an escape": "rtsp://admin:hunter2%x@10.0.0.5/live",
    "umlaut in it": "rtsp://admin:hunter2ü@10.0.0.5/live",
    "capitals": "RTSP://admin:hunter2@10.0.0.5/live",
    "a port that is none": "rtsp://10.0.0.5:hunter2/live",
    "a fragment": "rtsp://10.0.0.5/live#hunter2",
}  # fmt: skip
"""What cameras of the market take, and what people write."""


@pytest.mark.parametrize("uri", WITH_PASSWORD.values(), ids=WITH_PASSWORD)
def test_no_address_is_shown_with_its_secret(uri: str) -> None:
    """Scheme, host and port at most; nothing where even these are not certain."""
    assert shown(uri) in {
        NOT_SHOWN,
        *(f"{scheme}://{HOST}{port}" for scheme in ("rtsp", "rtsps", "http", "https")
          for port in ("", ":554", ":88", ":81", ":10554", ":8554", ":7441")),
        "rtsps://[fe80::1]:322",
    }  # fmt: skip


@pytest.mark.parametrize("uri", WITH_PASSWORD.values(), ids=WITH_PASSWORD)
def test_no_secret_is_taken_from_a_command_line(uri: str) -> None:
    """It would stand in `ps` for everybody; the sentence doesn't repeat it.

    A path of plain names is let through: nobody can know which of them is a secret.
    """
    for key in ("source.uri", "source.detect_uri"):
        with pytest.raises(ConfigError, match=rf"{key} holds a password|expected") as caught:
            load(None, [f"{key}={uri}"])
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("uri", WITH_PASSWORD.values(), ids=WITH_PASSWORD)
def test_no_error_about_an_address_repeats_it(uri: str, tmp_path: Path) -> None:
    """In a file it is right, or refused with what to write; nor does another key's error."""
    file = tmp_path / "config.toml"
    quoted = uri.replace("\\", "\\\\").replace("\n", "\\n")
    file.write_text(f'[source]\nuri = "{quoted}"\n')
    if trouble(uri):
        with pytest.raises(ConfigError, match=r"source: expected") as caught:
            load(file)
        assert "hunter2" not in str(caught.value)
    else:
        assert load(file).source.uri == uri
    file.write_text(f'[source]\nuri = "{quoted}"\nregion = [0.5, 0.5, 0.9, 0.9]\n')
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "advice"),
    [
        ("rtsp://admin:pa/ss@cam/live", "%2F for /"),
        ("rtsp://admin:pa#ss@cam/live", "%23 for #"),
        ("rtsp://admin:pa?ss@cam/live", "%3F for ?"),
        ("rtsp://admin:pa[ss@cam/live", "%5B for ["),
        ("rtsp://admin:pa@ss@cam/live", "%40 for @"),
        ("rtsp://admin:pa:ss@cam/live", "%3A for :"),
        ("admin:pass@cam/live", "begins with its scheme"),
        ("rtsp:/cam/live", "begins with its scheme"),
    ],
)
def test_an_address_that_is_none_is_refused_with_what_to_write(uri: str, advice: str) -> None:
    """Cut off at the wrong place it would be half a password, or another host."""
    assert advice in trouble(uri)


@pytest.mark.parametrize(
    "uri", ["picamera", "picamera:1", "/dev/video0", "usb:0", "clips/a b.mkv", "/srv/Füße.mp4",
            "file:///srv/a.mkv", "FILE:///srv/a.mkv",
            "/dev/v4l/by-path/platform-xhci-hcd.0-usb-0_1_1.0-video-index0"]
)  # fmt: skip
def test_what_is_no_address_stays_as_it_is(uri: str) -> None:
    """Paths and camera names have no user in them."""
    assert shown(uri) == uri
    assert not holds_password(uri)
    assert not trouble(uri)


def test_an_odd_path_is_shown_where_it_is_there(tmp_path: Path) -> None:
    """A file may be called what it likes; a text that only might be one is not shown."""
    there = tmp_path / "a@b:c=1.mkv"
    there.write_text("")
    for name in (str(there), f"file://{there}", f"FILE://{quote(str(there))}"):
        assert shown(name) == name
    assert shown(f"{there}.missing") == NOT_SHOWN


@pytest.mark.parametrize(
    "uri",
    ["rtsp://10.0.0.5/live", "rtsp://cam.local:8554/stream1", "rtsp://[fe80::1]/x", "rtsps://cam/a/b",
     "RTSP://cam/live",
     "rtsp://cam/cam/realmonitor?channel=1&subtype=0", "rtsp://cam/Streaming/Channels/101"],
)  # fmt: skip
def test_a_harmless_address_may_be_given_on_the_command_line(uri: str) -> None:
    """Without a user, with a path and a query that are known."""
    assert load(None, [f"source.uri={uri}"]).source.uri == uri
    assert uri.lower().startswith(shown(uri))


@given(st.text(st.characters(codec="utf-8"), min_size=6, max_size=20))
def test_whatever_the_password_is_the_address_never_shows_it(password: str) -> None:
    """Typed as it is, without a thought of escapes."""
    for uri in (f"rtsp://u:{password}@cam.example/x", f"rtsp://cam.example/{password}",
                f"rtsp://cam.example/x?p={password}"):  # fmt: skip
        told = shown(uri)
        assert told in (NOT_SHOWN, "rtsp://cam.example")


@pytest.mark.parametrize(
    "override",
    [
        "mqtt.host=door:hunter2@hub.local",
        "mqtt.host=mqtt://door:hunter2@hub.local",
        "mqtt.port=hunter2",
        "mqtt.password=hunter2",
        "mqtt.tls=hunter2",
        "mqtt.port=[\"hunter2\"]",
        "mqtt.password_file=123.hunter2=",
        "mqtt=hunter2",
        "source=hunter2",
        "source.fps=hunter2",
        "hunter2",
        "mqtt.host:hunter2",
        "broker.hunter2=1",
        "metrics.address=http://a:hunter2@b",
    ],
)  # fmt: skip
def test_no_wrong_value_that_may_be_a_secret_is_repeated(override: str) -> None:
    """Whoever writes a password into the wrong key must not find it in the journal."""
    try:
        load(None, [override])
    except ConfigError as error:
        said = str(error)
        known = override.startswith("broker.")  # the name of a key, which is no value
        assert "hunter2" not in said or known
    else:
        assert override.startswith("mqtt.password_file")


@pytest.mark.parametrize("table", ["[mqtt]\nhost = 'a:hunter2@b'", "[mqtt]\nusername = 4711",
                                   "mqtt = 'hunter2'", "[source]\nuri = 4711\n",
                                   "[source]\nfps = 'hunter2'",
                                   "[[mqtt]]\nhost = 'hunter2'"])  # fmt: skip
def test_nor_is_one_of_a_file(table: str, tmp_path: Path) -> None:
    """The key is named, and what would be right."""
    file = tmp_path / "config.toml"
    file.write_text(table)
    with pytest.raises(ConfigError, match=r"(mqtt|source)[a-z.]*: expected") as caught:
        load(file)
    assert "hunter2" not in str(caught.value)
    assert "4711" not in str(caught.value)
