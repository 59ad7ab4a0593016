"""What the broker says, or does not, is what the log and `doctor` say."""

from __future__ import annotations

from random import Random

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge.config.broker import Mqtt
from edge.publish.connection_failure import SHORT_LIVES, ConnectionFailure
from edge.publish.refusal import explain, is_refusal
from tests.publish.limited import LimitedBroker
from tests.publish.support import config_for, counts, drive, make_publisher

FAILURES = [
    code
    for code, names in ReasonCode(PacketTypes.DISCONNECT).names.items()
    if code >= 0x80
    if any(PacketTypes.DISCONNECT in kinds for kinds in names.values())
]


@pytest.mark.parametrize("code", FAILURES, ids=hex)
def test_the_brokers_own_reason_is_never_replaced_by_a_guess(code: int) -> None:
    """However often it ends a young connection with a reason, that reason is what is said."""
    reason = ReasonCode(PacketTypes.DISCONNECT, identifier=code)
    failure = ConnectionFailure(Mqtt(), "agender.shop.door", Random(1))
    for _ in range(2 * SHORT_LIVES):
        failure.begin()
        failure.over()
        failure.note(explain(reason), refused=is_refusal(reason))
        failure.lost(0.1)
        failure.pause_s()
        assert failure.said == explain(reason)


def test_silence_is_what_is_guessed_about() -> None:
    """Only a broker that says nothing is suspected of an access list or a namesake."""
    failure = ConnectionFailure(Mqtt(), "agender.shop.door", Random(1))
    said = []
    for _ in range(SHORT_LIVES):
        failure.begin()
        failure.over()
        failure.lost(0.1)
        failure.pause_s()
        said.append(failure.said)
    assert ["ACL" in text for text in said] == [False, False, True]


def test_a_reason_is_remembered_where_a_reset_overtakes_the_next() -> None:
    """Nothing is guessed about a broker that has said why a moment ago, until it has held."""
    failure = ConnectionFailure(Mqtt(), "agender.shop.door", Random(1))
    said = []
    for reason in ("its own", "", "", "", ""):
        failure.begin()
        failure.over()
        if reason:
            failure.note(reason)
        failure.lost(0.1)
        failure.pause_s()
        said.append(failure.said)
    assert said[SHORT_LIVES - 1 :] == ["its own"] * 3
    failure.settled()
    for _ in range(SHORT_LIVES):
        failure.begin()
        failure.lost(0.1)
        failure.pause_s()
    assert "ACL" in failure.said


def test_a_real_reason_stays_over_many_short_lives(tmp_path, outbox, caplog) -> None:
    """A broker that counts more strictly than it announces is quoted at every end."""
    outbox.append(counts())
    broker = LimitedBroker(tmp_path, receive_maximum=1, ack_s=60)
    publisher = make_publisher(config_for(tmp_path, broker.port))
    # It forgets what it announced: the quota is filled beyond it.
    for _ in range(SHORT_LIVES + 2):
        before = publisher.connection.connects
        drive(publisher, lambda before=before: publisher.connection.connects > before)
        client = publisher.connection._attempt.client
        client.limit_in_flight(9)
        for _ in range(3):
            client.publish("agender/v2/shop/door/response/test", b"", 1)
        drive(publisher, lambda: not publisher.connection.up)
    assert "receive maximum exceeded; lower mqtt.max_in_flight" in publisher.connection.failure
    assert "ACL" not in caplog.text
    publisher.connection.close()
