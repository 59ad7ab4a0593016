"""The live door: typed records both ways, and nothing that blocks, raises or fills up."""

from __future__ import annotations

import socket
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.messages.live import (
    Answer,
    Exposure,
    HealthNow,
    Hello,
    Order,
    PublisherSocket,
    StateNow,
    VisionSocket,
)
from edge.messages.messages import ModelInfo
from edge.messages.page import PageSocket, TellingSocket
from edge.messages.record_socket import MAX_BYTES, socket_folder
from tests.publish.support import health, state


def test_records_arrive_as_they_were_sent(tmp_path: Path) -> None:
    """Every kind of record, both ways, in order."""
    model = ModelInfo(name="far", task="detect", sha256="a" * 64)
    told = [
        Hello(boot="b", camera_kind="picamera", models=(model,), exposure=Exposure(network=False)),
        StateNow(state=state()),
        HealthNow(health=health()),
        Answer(id=3, error="no"),
    ]
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as publisher:
        assert all(vision.send(record) for record in told)
        assert publisher.receive() == told
        assert publisher.send(Order(id=1, verb="window", length_s=5.0))
        assert vision.receive() == [Order(id=1, verb="window", length_s=5.0)]


def test_nobody_listening_costs_nothing(tmp_path: Path) -> None:
    """Without a publisher, or with one that doesn't read, sending says no and never waits."""
    with VisionSocket(tmp_path) as vision:
        assert not vision.send(StateNow(state=state()))
        with PublisherSocket(tmp_path) as deaf:
            began_s = time.monotonic()
            sent = sum(vision.send(StateNow(state=state(present=i))) for i in range(10_000))
            assert time.monotonic() - began_s < 30
            assert 0 < sent < 10_000
            assert len(deaf.receive(100_000)) == sent
        assert not vision.send(StateNow(state=state()))


def test_a_side_that_was_killed_can_come_back(tmp_path: Path) -> None:
    """A socket's path left behind doesn't stand in the way; the other side needs no restart."""
    vision = VisionSocket(tmp_path)
    PublisherSocket(tmp_path)._socket.close()  # as kill -9 leaves it
    assert not vision.send(StateNow(state=state()))
    with PublisherSocket(tmp_path) as publisher:
        assert vision.send(StateNow(state=state()))
        assert len(publisher.receive()) == 1
    vision.close()
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_malformed_records_are_ignored(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Whatever bytes come in, what is understood is typed and the rest is gone."""
    folder = tmp_path_factory.mktemp("d")
    with VisionSocket(folder) as vision, PublisherSocket(folder) as publisher:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as raw:
            raw.sendto(data, str(folder / "publisher.sock"))
            raw.sendto(b"x" * (MAX_BYTES + 10), str(folder / "publisher.sock"))
        vision.send(StateNow(state=state()))
        heard = publisher.receive()
        assert heard[-1] == StateNow(state=state())
        assert all(isinstance(r, (Hello, StateNow, HealthNow, Answer)) for r in heard)


@pytest.mark.parametrize("length", [10, 100])
def test_a_folder_for_the_sockets_is_found_however_long_the_users_tmpdir_is(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """And goes with the block."""
    deep = tmp_path_factory.getbasetemp() / ("x" * length)
    deep.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with socket_folder("agender-test-") as folder, VisionSocket(folder), PublisherSocket(folder):
        assert folder.parent == (deep if length == 10 else Path("/tmp"))
    assert not folder.exists()


def test_the_pages_sockets_fit_into_it_too(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie one folder deeper: where vision's would just fit, theirs would not."""
    base = tmp_path_factory.getbasetemp()
    left = 107 - len(f"{base}//agender-test-12345678/publisher.sock")
    deep = base / ("y" * max(left, 1))
    deep.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with socket_folder("agender-test-") as folder, PageSocket(folder), TellingSocket(folder):
        assert folder.parent == Path("/tmp")


def test_a_path_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    """The key, the folder and the limit: one sentence."""
    with pytest.raises(ValueError, match=r"paths.runtime: .* is too long for a Unix socket"):
        VisionSocket(tmp_path / ("x" * 100))
