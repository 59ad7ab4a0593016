"""mosquitto with tight limits, started anew amid a back-log: every window arrives, or waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.outbox.outbox import Outbox
from tests.publish.support import (
    Broker,
    Subscriber,
    back_log,
    config_for,
    drive,
    make_publisher,
    wait_for,
)

WINDOWS = 120
PROTOCOLS = pytest.mark.parametrize("protocol", ["5", "3.1.1"])
LIMITS = {
    "one at once": ("max_inflight_messages 1",),
    "small packets": ("max_packet_size 4000",),
    "small messages": ("message_size_limit 2500",),
    "nothing queued": ("max_queued_messages 1", "persistence false"),
    "short silence": ("max_keepalive 10", "allow_zero_length_clientid false"),
    "QoS 1 at most": ("max_qos 1", "max_topic_alias 0"),
}


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Vision's end of the outbox, with a back-log."""
    with back_log(tmp_path, WINDOWS) as opened:
        yield opened


@PROTOCOLS
@pytest.mark.parametrize("limits", LIMITS.values(), ids=list(LIMITS))
def test_a_back_log_arrives_over_a_restart(
    tmp_path: Path, outbox: Outbox, limits: tuple[str, ...], protocol: str
) -> None:
    """By number each is there, in order, and nothing is left in the outbox."""
    broker = Broker(tmp_path, *limits)
    # Of what it owes a subscriber at QoS 1 the broker itself loses some when it ends.
    heard = Subscriber(broker.port, "agender/#", qos=0)
    publisher = make_publisher(config_for(tmp_path, broker.port, protocol=protocol))
    drive(publisher, lambda: len(heard.of("/counts")) > WINDOWS // 4, 30)
    heard.lost()
    broker.stop()
    broker.start()
    wait_for(heard.is_back, 20, "the subscription")
    drive(publisher, publisher.delivery.is_done, 30)
    wait_for(lambda: len(numbers(heard)) == WINDOWS, 10, "all windows")
    assert numbers(heard) == list(range(1, WINDOWS + 1))
    assert outbox.depth() == 0
    publisher.connection.close()


def numbers(heard: Subscriber) -> list[int]:
    """The windows' numbers in the order in which they came first."""
    return list(dict.fromkeys(window["seq"] for window in heard.of("/counts")))


@PROTOCOLS
def test_a_window_that_is_thrown_away_is_not_delivered(
    tmp_path: Path, outbox: Outbox, protocol: str
) -> None:
    """mosquitto acknowledges what is too long for it, and closes: all wait, and it is said why."""
    broker = Broker(tmp_path, "message_size_limit 1500")
    publisher = make_publisher(config_for(tmp_path, broker.port, protocol=protocol))
    drive(publisher, lambda: publisher.connection.connects > 30, 30)
    assert outbox.depth() == WINDOWS
    wanted = "packet too large" if protocol == "5" else "its limit a message's size"
    drive(publisher, lambda: wanted in publisher.connection.failure)
    publisher.connection.close()
