"""Network cameras of every kind: transports, MJPEG, HLS, rare keyframes, and what goes wrong."""

from __future__ import annotations

import itertools
import socket
import subprocess
from pathlib import Path

import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import network, open_source
from tests.capture.footage import index_of, write_clip
from tests.capture.recordings import FFMPEG, Recording, needs_ffmpeg, write
from tests.capture.rtsp_server import serving
from tests.capture.web_camera import web_camera


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("rtsp") / "clip.ts", frames=40)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "OPEN_S", 3.0)
    monkeypatch.setattr("edge.runtime.capture.watch.PAUSES_S", (0.05,))


def settings(uri: str, **changes: object) -> config.Source:
    return config.Source(**{"uri": uri, "stall_s": 2.0, "fps": 120.0, **changes})


@pytest.mark.parametrize(
    ("wanted", "offered", "used"),
    [
        ("tcp", ("tcp", "udp"), "tcp"),
        ("udp", ("tcp", "udp"), "udp"),
        ("auto", ("tcp", "udp"), "tcp"),
        ("auto", ("udp",), "udp"),
        ("auto", ("tcp",), "tcp"),
    ],
)
def test_the_transport_is_the_one_asked_for_or_one_that_is_offered(
    stream: Path, wanted: str, offered: tuple[str, ...], used: str
):
    """`auto` tries TCP, and UDP where the camera refuses that."""
    with serving(stream, transports=offered) as server:
        uri = f"RTSP://127.0.0.1:{server.port}/live"
        with open_source(settings(uri, transport=wanted)) as source:
            assert source.read() is not None
        assert server.used == used


@needs_ffmpeg
def test_a_camera_with_rare_keyframes_is_seen_from_the_first_one_on(tmp_path: Path):
    """The keyframe with which a stream begins is not thrown away, and no other comes."""
    path = write(Recording("h264-ts", keyframe_every=1000), tmp_path)
    with serving(path, "stall", pace_s=0.02) as server:
        with open_source(settings(f"rtsp://127.0.0.1:{server.port}/live")) as source:
            frames = [source.read() for _ in range(15)]
        assert (None in frames, source.restarts) == (False, 0)


@needs_ffmpeg
def test_packets_without_a_picture_are_no_silence(tmp_path: Path):
    """A stream that is met between two keyframes is waited for longer than `stall_s`."""
    path = write(Recording("h264-ts", keyframe_every=30), tmp_path)
    content = path.read_bytes()
    packets = [content[at : at + 188] for at in range(0, len(content), 188)]
    # Without the packets of the first quarter, the opening keyframe among them.
    head, rest = packets[:4], packets[len(packets) // 4 :]
    path.write_bytes(b"".join(head + rest))
    pace_s = 1.5 / (len(rest) / 7)
    with serving(path, "stall", pace_s=pace_s) as server:
        uri = f"rtsp://127.0.0.1:{server.port}/live"
        with open_source(settings(uri, stall_s=0.5)) as source:
            assert source.read() is not None
            assert source.restarts == 0


def test_jpeg_after_jpeg_is_a_stream(tmp_path: Path):
    """As an ESP32-CAM or motionEye sends; frames come in order, at the rate asked for."""
    with (
        web_camera(tmp_path) as port,
        open_source(settings(f"http://127.0.0.1:{port}/mjpeg", fps=10.0)) as source,
    ):
        frames = [source.read() for _ in range(8)]
    assert frames[0].full().shape == (240, 320, 3)
    steps = [b.captured_s - a.captured_s for a, b in itertools.pairwise(frames)]
    assert sum(steps) / len(steps) == pytest.approx(0.1, rel=0.3)


def test_a_damaged_jpeg_of_a_stream_is_passed_over(tmp_path: Path):
    """The others go on, and the connection is kept."""
    with (
        web_camera(tmp_path) as port,
        open_source(settings(f"http://127.0.0.1:{port}/broken")) as source,
    ):
        frames = [source.read() for _ in range(30)]
        assert source.restarts == 0
    assert None not in frames
    seen = [index_of(frame.full()) for frame in frames]
    assert sum(index % 5 != 4 for index in seen) >= 20


@needs_ffmpeg
def test_a_playlist_is_a_stream(tmp_path: Path):
    """HLS: the pieces are fetched one after the other."""
    clip = write(Recording("h264-ts"), tmp_path)
    command = [str(FFMPEG), "-v", "error", "-i", str(clip), "-c", "copy", "-f", "hls", "-hls_time",
               "0.4", "-hls_list_size", "0", "live.m3u8"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True)
    with (
        web_camera(tmp_path) as port,
        open_source(settings(f"http://127.0.0.1:{port}/hls/live.m3u8")) as source,
    ):
        assert sum(source.read() is not None for _ in range(35)) == 35


def test_a_playlist_may_not_name_a_file_of_this_machine(tmp_path: Path):
    """What comes from the network reads nothing from the disk."""
    clip = write_clip(tmp_path / "secret.ts", frames=5)
    (tmp_path / "live.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{clip}\n#EXT-X-ENDLIST\n"
    )
    with web_camera(tmp_path) as port, pytest.raises(SourceError):
        open_source(settings(f"http://127.0.0.1:{port}/hls/live.m3u8"))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("refused", "refuses the connection: is the port right"),
        ("unnamed", "cannot be found: no name server knows"),
        ("silent", "does not answer: is the camera on"),
        ("private", "refuses user or password"),
        ("missing", "has no such stream: is the path right"),
    ],
)
def test_what_is_wrong_with_a_camera_is_told_apart(
    stream: Path, tmp_path: Path, scheme: str, where: str, sentence: str
):
    """A host that refuses, a name nobody knows, a camera that is off, a password, a path."""
    answer = {"private": "unauthorized", "missing": "missing"}.get(where, "silence")
    with serving(stream, answer=answer) as server, web_camera(tmp_path) as port:
        web = scheme == "http" and where in ("private", "missing")
        host = {
            "refused": f"127.0.0.1:{closed_port()}",
            "unnamed": "no-such-camera.invalid",
        }.get(where, f"127.0.0.1:{port if web else server.port}")
        with pytest.raises(SourceError, match=sentence) as error:
            open_source(settings(f"{scheme}://user:secret@{host}/{where}?token=secret"))
    # Not the path: cameras have passwords there, too.
    assert str(error.value).startswith(f"{scheme}://{host} ")
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None  # whose text would hold the password


@pytest.fixture(scope="module")
def two_sizes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    return (
        write_clip(folder / "small.ts", frames=60),
        write_clip(folder / "large.ts", frames=60, size=(640, 480)),
    )


def test_a_small_stream_is_searched_and_a_large_one_cut_from(two_sizes: tuple[Path, Path]):
    """`small` is of source.detect_uri, `full` of source.uri, both of about the same moment."""
    with serving(two_sizes[0], pace_s=0.02) as small, serving(two_sizes[1], pace_s=0.005) as large:
        both = settings(
            f"rtsp://127.0.0.1:{large.port}/1", detect_uri=f"rtsp://127.0.0.1:{small.port}/2"
        )
        with open_source(both) as source:
            assert source.live
            frames = [source.read() for _ in range(20)]
            for frame in frames:
                frame.develop()
                assert frame.small.shape == (240, 320, 3)
                assert frame.full().shape == (480, 640, 3)
                assert (frame.full_width, frame.full_height) == (640, 480)
        assert source.read() is None


def test_a_second_stream_is_for_network_cameras(two_sizes: tuple[Path, Path]):
    """Elsewhere it is refused, without telling the address's secrets."""
    with pytest.raises(SourceError, match=r"source\.detect_uri is a second stream") as error:
        open_source(settings(str(two_sizes[0]), detect_uri="rtsp://u:secret@h/2"))
    assert "secret" not in str(error.value)
