"""The door to vision is believed nothing: long texts, wild numbers, floods."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.messages.counts import Counts
from edge.messages.live import FromVision, HealthNow, Hello, PublisherSocket, VisionSocket
from edge.messages.messages import Health, ModelInfo, Response
from edge.publish.outgoing import Outgoing
from tests.publish.support import (
    health,
)

BIG = "x" * 50_000

FAR = ModelInfo(name="far", task="detect", sha256="0" * 64)


@pytest.mark.parametrize(
    "record",
    [
        Hello(boot=BIG, camera_kind="picamera"),
        Hello(boot="b", camera_kind=BIG),
        Hello(boot="b", camera_kind="../../etc"),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, name=BIG),)),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, task=BIG),)),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, sha256=BIG),)),
        Hello(boot="b", camera_kind="file", models=(msgspec.structs.replace(FAR, licence=BIG),)),
        Hello(boot="b", camera_kind="file", models=(FAR,) * 17),
        HealthNow(health=health(time=BIG)),
        HealthNow(health=health(temperature_celsius=1e9)),
        HealthNow(health=health(outbox_depth=2**60)),
        HealthNow(health=health(pause_reason=BIG)),
    ],
)  # fmt: skip
def test_the_door_takes_no_long_text_and_no_wild_number(tmp_path: Path, record: FromVision) -> None:
    """A 50 kB string in vision's hello reached `info` once."""
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as publisher:
        assert vision.send(record)
        assert publisher.receive() == []


def test_no_text_in_any_message_is_without_a_bound() -> None:
    """Every str that crosses the door or leaves has a longest length, however deep it lies."""
    kinds = (Counts, Health, Hello, Response)
    _, parts = msgspec.json.schema_components(kinds)
    for name, part in parts.items():
        for key, schema in part.get("properties", {}).items():
            for option in (schema, *schema.get("anyOf", ())):
                if option.get("type") == "string":
                    assert "maxLength" in option or "enum" in option, f"{name}.{key}"
                if option.get("type") == "array":
                    assert "maxItems" in option, f"{name}.{key}"


def test_a_flood_of_malformed_datagrams_is_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With right records between them too."""
    with VisionSocket(tmp_path) as vision, PublisherSocket(tmp_path) as publisher:
        for _ in range(100):
            for _ in range(5):
                vision._socket.sendto(b"\xc1 no record", str(tmp_path / "publisher.sock"))
            vision.send(HealthNow(health=health()))
            assert len(publisher.receive()) == 1
    assert len(caplog.records) == 1


def test_a_record_of_our_own_that_breaks_its_type_is_not_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The last check is at the way out; it says so once."""
    outgoing = Outgoing()
    right = Response(time="2026-01-31T12:00:00.000Z", transaction=None, status="ok", result={})
    assert outgoing.encode(right) is not None
    for _ in range(5):
        assert outgoing.encode(msgspec.structs.replace(right, error="x" * 5000)) is None
    assert outgoing.encode(msgspec.structs.replace(right, result={"a": "x" * 200_000})) is None
    assert len(caplog.records) == 1
    assert outgoing.refused == 6
