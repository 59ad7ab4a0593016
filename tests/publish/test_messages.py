"""The contract: schemas in the package, the AsyncAPI document, and real messages against both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

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
from edge.messages.schemas import FOLDER, message_schemas
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.commands import VERBS, VISION_VERBS
from edge.publish.topics import device_of
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    health,
    make_publisher,
    state,
    wait_for,
)

ASYNCAPI = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
SCHEMAS = message_schemas()


def test_the_schema_files_are_those_of_the_types() -> None:
    """`python -m edge.messages.schemas` would change nothing."""
    for name, schema in SCHEMAS.items():
        assert json.loads((FOLDER / f"{name}.json").read_text()) == schema, (
            f"{name}.json is old: run python -m edge.messages.schemas"
        )
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCHEMAS)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_schema_is_a_schema(name: str) -> None:
    """Valid JSON Schema, draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    loaded: dict[str, Any] = yaml.safe_load(ASYNCAPI.read_text())
    return loaded


@pytest.fixture
def real_messages(broker: Broker, subscriber: Subscriber, tmp_path: Path) -> Subscriber:
    """One of every message that a device publishes, heard at a real broker."""
    model = ModelInfo(name="far", task="detect", sha256="0" * 64, licence="MIT")
    with (
        Outbox(tmp_path / FILE_NAME) as outbox,
        VisionSocket(tmp_path) as vision,
        PublisherSocket(tmp_path) as live,
    ):
        outbox.append(counts(places={"zone_a_people": 2, "line_b_in": 1}, est_female=1.25))
        outbox.append(counts(1, clock_synced=False))
        made = make_publisher(config_for(tmp_path, broker.port), live=live)
        vision.send(Hello(boot="b1", camera_kind="file", models=(model,), exposure=Exposure()))
        vision.send(StateNow(state=state()))
        vision.send(HealthNow(health=health()))
        drive(made, lambda: made.connection.up and made.delivery.is_done())
        for verb in (*VERBS, "picture"):
            subscriber.send(f"{made.topics.base}/request/{verb}", b'{"transaction":"t"}')
        orders: list[Order] = []
        drive(made, lambda: bool(orders.extend(vision.receive()) or len(orders) == 3))
        for order in orders:
            vision.send(Answer(id=order.id))
        drive(made, lambda: len([t for t, _, _ in subscriber.heard if "/response/" in t]) == 8)
        drive(made, lambda: bool(subscriber.of("/totals")))
        made.say_stopped()
        drive(made, made.stopped_is_known)
        made.connection.close()
    wait_for(lambda: "stopped" in subscriber.of("availability"), 5, "the last message")
    return subscriber


def by_kind(listening: Subscriber) -> dict[str, list[Any]]:
    """First level behind the device → decoded payloads."""
    found: dict[str, list[Any]] = {}
    for topic, payload, _ in listening.heard:
        device = device_of(topic)
        if device is not None:
            kind = device[1].split("/")[0]
            text = payload.decode()
            value = text if kind == "availability" else json.loads(text)
            found.setdefault(kind, []).append(value)
    return found


def test_every_real_message_fits_its_schema(real_messages: Subscriber) -> None:
    """All that went over the broker, against the packaged schemas."""
    heard = by_kind(real_messages)
    assert set(heard) == {
        "availability",
        "info",
        "counts",
        "state",
        "health",
        "totals",
        "response",
        "request",
    }
    for kind, messages in heard.items():
        for message in messages:
            jsonschema.validate(message, SCHEMAS[kind])


def test_every_real_message_is_in_the_asyncapi_document(
    real_messages: Subscriber, document: dict[str, Any]
) -> None:
    """Each topic heard is a channel's address, with the retain flag and schema it says."""
    channels = document["channels"]
    for topic, payload, _ in real_messages.heard:
        device = device_of(topic)
        if device is None:
            continue
        name = device[1].split("/")[0]
        channel = channels[name]
        address = channel["address"].format(site="shop", device="door", verb=topic.split("/")[-1])
        assert topic == address
        [message] = channel["messages"].values()
        schema = json.loads((ASYNCAPI.parent / message["payload"]["$ref"]).read_text())
        value = payload.decode() if name == "availability" else json.loads(payload)
        jsonschema.validate(value, schema)


def test_the_document_s_operations_are_those_of_the_code(document: dict[str, Any]) -> None:
    """Verbs, retained topics and qualities of service, as the publisher has them."""
    verbs = document["channels"]["request"]["parameters"]["verb"]["enum"]
    assert sorted(verbs) == sorted(VERBS)
    bindings = {name: operation.get("bindings", {}).get("mqtt", {})
                for name, operation in document["operations"].items()}  # fmt: skip
    retained = {"availability", "info", "state", "health", "totals"}
    assert {name for name, b in bindings.items() if b.get("retain")} == retained
    assert {name for name, b in bindings.items() if b.get("qos") == 0} == {"state", "health"}
    assert set(document["operations"]) == set(document["channels"])


def test_the_examples_in_the_document_are_valid(document: dict[str, Any]) -> None:
    """Whoever copies an example copies something that works."""
    seen = 0
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            schema = json.loads((ASYNCAPI.parent / message["payload"]["$ref"]).read_text())
            for example in message.get("examples", []):
                jsonschema.validate(example["payload"], schema)
                seen += 1
    assert seen >= len(document["channels"])


def test_request_schemas_are_what_the_code_takes() -> None:
    """What the schema allows is accepted, and what it forbids is not."""
    for name, verb in (("request", "pause"), ("request_window", "window")):
        for text in ("{}", '{"transaction":"t"}', '{"length_s":5}', '{"length_s":0}',
                     '{"transaction":"t","length_s":60.5}', '{"else":1}', "[]", '{"transaction":7}',
                     '{"transaction":null,"length_s":1}', '{"length_s":"5"}'):  # fmt: skip
            allowed = jsonschema.Draft202012Validator(SCHEMAS[name]).is_valid(json.loads(text))
            try:
                msgspec.json.decode(text, type=VISION_VERBS[verb])
                taken = True
            except msgspec.ValidationError:
                taken = False
            assert allowed == taken, (verb, text)
