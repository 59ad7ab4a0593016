"""A network camera: a real RTSP connection over loopback."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path

import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import network, open_source
from tests.capture.footage import write_clip
from tests.capture.rtsp_server import serving


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("rtsp") / "clip.ts", frames=40)


def settings(port: int, **changes: object) -> config.Source:
    uri = f"rtsp://user:secret@127.0.0.1:{port}/live?token=secret"
    return config.Source(**{"uri": uri, "stall_s": 1.0, "small_width_px": 160, **changes})


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "OPEN_S", 2.0)
    monkeypatch.setattr("edge.runtime.capture.watch.PAUSES_S", (0.05,))


def test_a_stream_gives_frames_with_monotonic_time(stream: Path):
    """Frames come in order, small and full, stamped when they arrive."""
    with serving(stream) as server, open_source(settings(server.port)) as source:
        assert source.live
        frames = [source.read() for _ in range(20)]
    assert all(a.captured_s < b.captured_s for a, b in itertools.pairwise(frames))
    assert frames[0].full().shape == (240, 320, 3)
    assert frames[0].small.shape == (120, 160, 3)


@pytest.mark.parametrize("ending", ["end", pytest.param("stall", marks=pytest.mark.slow)])
def test_a_stream_that_ends_or_falls_silent_is_opened_again(stream, quickly, ending: str):
    """More frames arrive than one connection gives; each further connection is counted."""
    with (
        serving(stream, ending) as server,
        open_source(settings(server.port)) as source,
    ):
        assert sum(source.read() is not None for _ in range(60)) == 60
        assert source.restarts >= 1
        assert server.connections == source.restarts + 1


def test_a_refused_connection_is_said_without_the_password(quickly):
    """Nobody listens: the sentence names the address, and not what is secret in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match=f"rtsp://127.0.0.1:{port} refuses") as error:
        open_source(settings(port))
    assert "secret" not in str(error.value)


def test_a_wrong_password_is_named_as_a_possible_reason(stream, quickly):
    """The camera answers 401."""
    with (
        serving(stream, answer="unauthorized") as server,
        pytest.raises(SourceError, match=r"refuses .* password"),
    ):
        open_source(settings(server.port))


def test_a_camera_that_does_not_answer_is_told_from_one_that_refuses(stream, quickly):
    """Silence ends after a time limit, in another sentence."""
    with (
        serving(stream, answer="silence") as server,
        pytest.raises(SourceError, match="does not answer: is the camera on"),
    ):
        open_source(settings(server.port))


def test_an_unknown_scheme_is_refused_with_what_would_be_right():
    """http and the like are named as unknown, without their passwords."""
    with pytest.raises(SourceError, match=r"gopher://host is of no known kind.*rtsp") as error:
        open_source(config.Source(uri="gopher://user:secret@host/x"))
    assert "secret" not in str(error.value)
