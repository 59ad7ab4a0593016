"""Hosted brokers, by the limits that they publish: a back-log arrives at each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from edge.outbox.outbox import Outbox
from tests.publish.limited import LimitedBroker
from tests.publish.support import config_for, counts, drive, make_publisher

WINDOWS = 120


class Hosted(NamedTuple):
    """What a broker enforces, keys that 3.1.1 needs there, and limits that it tells nobody."""

    limits: dict[str, Any]
    with_3: tuple[tuple[str, Any], ...] = ()
    slashes: int = 65_535
    topic_bytes: int = 65_535
    client_id_bytes: int = 65_535
    subscriptions: int = 65_535
    given_up: tuple[str, ...] = ()


HOSTED = {
    # "AWS IoT Core endpoints and quotas", message broker and protocol limits
    # (docs.aws.amazon.com/general/latest/gr/iot-core.html): 100 unacknowledged publishes of a
    # client, QoS 0 and 1, payloads of 128 KB, 7 slashes and 256 bytes a topic, client ids of 128
    # bytes, 8 subscriptions a request.
    "AWS IoT Core": Hosted(
        {"receive_maximum": 100, "max_qos": 1, "max_packet": 128 * 1024},
        slashes=7, topic_bytes=256, client_id_bytes=128, subscriptions=8,
    ),
    # "MQTT features supported by Azure Event Grid's MQTT broker feature", current limitations
    # (learn.microsoft.com/azure/event-grid/mqtt-support): no retain flag (with 3.1.1 it closes the
    # connection), QoS 0 and 1, packets of 512 KiB.
    "Azure Event Grid": Hosted(
        {"retain_available": 0, "max_qos": 1, "max_packet": 512 * 1024},
        with_3=(("retain", "off"),), given_up=("retain",),
    ),
    # HiveMQ's defaults, which its cloud has: Server Receive Maximum 10
    # (docs.hivemq.com/hivemq/latest/user-guide/mqtt-specific-configuration.html).
    "HiveMQ Cloud": Hosted({"receive_maximum": 10, "max_qos": 2}),
    # "Quotas and Limits", Serverless (docs.emqx.com/en/cloud/latest/create/restriction.html):
    # messages of 1 MB, 10 subscriptions of a client, topics of 10 levels, client ids of 1024;
    # and EMQX's max_inflight, 32, as Receive Maximum
    # (docs.emqx.com/en/emqx/latest/design/inflight-window-and-message-queue.html).
    "EMQX Serverless": Hosted(
        {"receive_maximum": 32, "max_packet": 1024 * 1024},
        slashes=9, client_id_bytes=1_024, subscriptions=10,
    ),
}  # fmt: skip


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("name", HOSTED)
def test_a_back_log_arrives_within_the_published_limits(
    tmp_path: Path, outbox: Outbox, name: str, protocol: str
) -> None:
    """Every window over one connection; topics, ids and subscriptions are within bounds."""
    hosted = HOSTED[name]
    for minute in range(WINDOWS):
        outbox.append(counts(minute))
    broker = LimitedBroker(tmp_path, ack_s=0.02, **hosted.limits)
    keys = {"max_in_flight": 64} if protocol == "5" else dict(hosted.with_3)
    config = config_for(tmp_path, broker.port, protocol=protocol, **keys)
    publisher = make_publisher(config)
    drive(publisher, publisher.delivery.is_done)
    drive(publisher, lambda: bool(broker.heard("/health") and broker.heard("/config")))
    assert publisher.connection.abilities.given_up == hosted.given_up
    assert publisher.connection.connects == 1
    publisher.connection.close()
    assert "DISCONNECT 0x" not in broker.log
    assert len(broker.heard("/counts")) == WINDOWS
    assert within(hosted, broker)


def within(hosted: Hosted, broker: LimitedBroker) -> bool:
    """Whether what the broker was told keeps to limits of which a client isn't told."""
    topics = {heard.topic for heard in broker.heard()}
    subscribed = [line.split()[2:] for line in broker.log.splitlines() if " SUBSCRIBE " in line]
    topics |= {topic for request in subscribed for topic in request}
    (client_id,) = set(re.findall(r"CONNECT v\d (\S+) will", broker.log))
    return (
        max(topic.count("/") for topic in topics) <= hosted.slashes
        and max(len(topic.encode()) for topic in topics) <= hosted.topic_bytes
        and len(client_id) <= hosted.client_id_bytes
        and sum(map(len, subscribed)) <= hosted.subscriptions
    )
