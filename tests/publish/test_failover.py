"""Several brokers in order of preference: over to the next, and back, with real ones that die."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.config import read as settings
from edge.config.tables import Config
from edge.diagnostics.services import broker as examined
from edge.errors import ConfigError, UserError
from edge.messages.consumer import Consumer, Verdict
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.brokers import Peer
from edge.publish.device_info import without_secrets
from edge.publish.forget import forget
from edge.publish.publisher import Publisher
from edge.publish.service import _in_words
from tests.publish.certificates import Authority
from tests.publish.limited import LimitedBroker
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    free_port,
    make_publisher,
    wait_for,
)
from tests.publish.ways import websockets_broker


@pytest.fixture
def second(tmp_path: Path) -> Broker:
    """Another mosquitto."""
    return Broker(tmp_path)


def with_fallback(folder: Path, first: int, *others: int, **changes: object) -> Config:
    """The device of the other tests, with further brokers."""
    fallback = tuple(f"127.0.0.1:{port}" for port in others)
    return config_for(folder, first, fallback=fallback, failback_s=1.0, **changes)


def at(publisher: Publisher, broker: Broker) -> bool:
    return publisher.connection.up and publisher.connection.where.endswith(f":{broker.port}")


def availability(broker: Broker) -> str:
    """What is retained there, as who comes new hears it."""
    late = Subscriber(broker.port, "+/+/+/+/availability", qos=0)
    late.client.subscribe("done")
    late.send("done", "")
    heard: list[str] = late.of("/availability")
    return heard[0] if heard else ""


def people_of(consumer: Consumer, heard: Subscriber) -> int:
    """The people of the windows that are new to a consumer."""
    return sum(
        window["people"]
        for window in heard.of("/counts")
        if consumer.take("shop/door", window["numbering"], window["seq"]) != Verdict.REPEAT
    )


@pytest.mark.slow
def test_windows_go_on_at_the_next_broker_and_back(
    tmp_path: Path, outbox: Outbox, broker: Broker, second: Broker,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Each is killed in turn while windows come: none is missing, and a consumer counts each once.

    Retained messages and the sums are right at the one in use, and the one left says `offline`.
    """
    caplog.set_level(logging.INFO)
    heard: list[Subscriber] = []
    publisher = make_publisher(with_fallback(tmp_path, broker.port, second.port))
    for _ in range(2):
        # At QoS 0 mosquitto hands a window on before it acknowledges it.
        heard.append(Subscriber(broker.port, qos=0))
        append(outbox, 20)
        drive(publisher, lambda: last_ever(heard[-1]) == ever(outbox) > 0)
        append(outbox, 30)
        drive(publisher, lambda: len(heard[-1].of("/counts")) > 25)  # amid a back-log
        broker.kill()
        drive(publisher, lambda: not heard[-1].client.is_connected())  # it has read to the end
        heard[-1].close()
        append(outbox, 20)
        drive(publisher, lambda: at(publisher, second))
        heard.append(Subscriber(second.port))
        append(outbox, 10)
        drive(publisher, lambda: last_ever(heard[-1]) == ever(outbox) > 0)
        drive(publisher, lambda: publisher.delivery.is_done() and bool(heard[-1].of("/health")))
        assert availability(second) == "online"
        assert heard[-1].of("/info")[-1]["device"] == "door"
        broker.start()
        drive(publisher, lambda: at(publisher, broker), 30)
        assert availability(second) == "offline"
        heard[-1].close()
    assert ever(outbox) == 2 * 80 * 3
    assert "is there again; back to it from" in caplog.text
    consumer = Consumer()
    assert sum(people_of(consumer, each) for each in heard) == 2 * 80 * 3
    publisher.connection.close()


def append(outbox: Outbox, windows: int) -> None:
    for minute in range(windows):
        outbox.append(counts(minute))


def ever(outbox: Outbox) -> int:
    """The sum that the device keeps."""
    return (outbox.tallies() or {}).get("total_ever_people", 0)


def last_ever(heard: Subscriber) -> int:
    """The newest sum that the broker was told."""
    records = [each for each in heard.of("/totals") if isinstance(each, dict)]
    return records[-1]["ever_people"] if records else -1


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_window_whose_acknowledgement_is_not_yet_believed_is_waited_for(
    tmp_path: Path, outbox: Outbox, broker: Broker, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """The better broker is seen right after the PUBACK: a window of then is told at one of them.

    Before MQTT 5 a PUBACK tells no reason, and is believed a moment later.
    """
    broker.kill()
    second = Broker(tmp_path)
    config = with_fallback(tmp_path, broker.port, second.port, protocol=protocol)
    publisher = make_publisher(config)
    connection = publisher.connection
    monkeypatch.setattr(connection._lookout, "step", lambda _now_s, _preferred: None)
    drive(publisher, lambda: at(publisher, second))
    broker.start()
    heard = [Subscriber(each.port) for each in (broker, second)]
    append(outbox, 1)

    def look(_now_s: float, preferred: Sequence[Peer]) -> Peer | None:
        acknowledged = publisher.delivery.last and connection._attempt.quota.is_empty
        return preferred[0] if preferred and acknowledged else None

    monkeypatch.setattr(connection._lookout, "step", look)
    drive(publisher, lambda: at(publisher, broker))
    drive(publisher, publisher.delivery.is_done)
    publisher.connection.close()
    wait_for(lambda: heard[1].of("/counts"), 10, "the window")
    assert [len(each.of("/counts")) for each in heard] == [0, 1]


def test_both_brokers_may_die_and_nothing_is_lost(
    tmp_path: Path, outbox: Outbox, broker: Broker, second: Broker
) -> None:
    """With nobody there windows wait; the first that comes back gets them, whichever it is."""
    publisher = make_publisher(with_fallback(tmp_path, broker.port, second.port))
    drive(publisher, lambda: at(publisher, broker))
    broker.kill()
    second.kill()
    append(outbox, 10)
    drive(publisher, lambda: not publisher.connection.up)
    second.start()
    heard = Subscriber(second.port)
    drive(publisher, lambda: len(heard.of("/counts")) == 10)
    assert [window["seq"] for window in heard.of("/counts")] == list(range(1, 11))
    publisher.say_stopped()
    drive(publisher, publisher.stopped_is_known)
    publisher.connection.close()
    assert availability(second) == "stopped"


def test_a_broker_that_answers_and_refuses_is_returned_to_ever_less(
    tmp_path: Path, outbox: Outbox, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """The one in use is left for it a moment, then kept for twice as long; windows go on."""
    caplog.set_level(logging.INFO)
    refusing = LimitedBroker(tmp_path, connack=0x87)
    heard = Subscriber(broker.port)
    publisher = make_publisher(with_fallback(tmp_path, refusing.port, broker.port))
    drive(publisher, lambda: caplog.text.count("back to it from") == 1, 30)
    append(outbox, 10)
    drive(publisher, lambda: len(heard.of("/counts")) == 10)
    assert caplog.text.count("does not authorise this device") == 1
    assert publisher.connection._lookout._every_s == 2.0
    publisher.connection.close()


def test_what_one_broker_cannot_is_not_held_against_the_next(
    tmp_path: Path, outbox: Outbox, broker: Broker
) -> None:
    """Limits are of a broker: the first retains nothing and takes short packets, the next all."""
    limited = LimitedBroker(tmp_path, retain_available=0, max_packet=16_000)
    heard = Subscriber(broker.port)
    publisher = make_publisher(with_fallback(tmp_path, limited.port, broker.port))
    drive(publisher, lambda: bool(limited.heard("/info")))
    assert not heard.heard  # it was asked again at once, without what it can't
    limited.process.kill()
    drive(publisher, lambda: bool(heard.of("/info")))
    assert heard.of("/info")[-1]["given_up"] == []
    assert availability(broker) == "online"
    publisher.connection.close()


@pytest.mark.slow
def test_a_new_card_takes_its_sums_from_the_first_broker_alone(
    tmp_path: Path, broker: Broker, second: Broker
) -> None:
    """What another one retains may be from long ago; until the first is back nothing is told."""
    old = tmp_path / "old"
    old.mkdir()
    heard = Subscriber(broker.port, "+/+/+/+/totals")
    with Outbox(old / FILE_NAME) as outbox:
        append(outbox, 4)
        publisher = make_publisher(with_fallback(old, broker.port, second.port))
        drive(publisher, lambda: last_ever(heard) == 12)
        publisher.connection.close()
    second_heard = Subscriber(second.port)
    second_heard.send("agender/v2/shop/door/totals", b"{}", retain=True)
    retained = heard.heard[-1][1]
    broker.kill()
    with Outbox(tmp_path / FILE_NAME) as outbox:
        append(outbox, 2)
        publisher = make_publisher(with_fallback(tmp_path, broker.port, second.port))
        drive(publisher, lambda: len(second_heard.of("/counts")) == 2)
        drive(publisher, publisher.delivery.is_done)
        assert second_heard.of("/totals") == [{}]
        broker.start()  # mosquitto keeps nothing here over a kill
        back = Subscriber(broker.port, "+/+/+/+/totals")
        back.send("agender/v2/shop/door/totals", retained, retain=True)
        drive(publisher, lambda: last_ever(back) == 18, 30)
        publisher.connection.close()


def test_a_fallback_may_be_reached_in_another_way(
    tmp_path: Path, outbox: Outbox, broker: Broker
) -> None:
    """WebSockets with TLS stand behind a plain broker that is away."""
    authority = Authority(tmp_path)
    secure, port = websockets_broker(tmp_path, authority)
    config = config_for(tmp_path, free_port(), ca_file=str(authority.ca),
                        fallback=(f"wss://127.0.0.1:{port}/mqtt",))  # fmt: skip
    append(outbox, 3)
    heard = Subscriber(secure.port)
    publisher = make_publisher(config)
    drive(publisher, lambda: len(heard.of("/counts")) == 3)
    words = _in_words(config, publisher)
    assert words.startswith(f"connected to wss://127.0.0.1:{port} in place of 127.0.0.1:")
    publisher.connection.close()


@pytest.mark.slow
def test_doctor_and_forget_go_to_each_broker(
    tmp_path: Path, outbox: Outbox, broker: Broker, second: Broker, capsys
) -> None:
    """Each is examined by itself; forgotten is a device only where all have forgotten it."""
    config = with_fallback(tmp_path, broker.port, second.port)
    for each in (broker, second):
        topic = "agender/v2/shop/door/info"
        Subscriber(each.port).send(topic, "{}", retain=True)
    assert [finding.state for finding in examined(config)] == ["good", "good"]
    assert forget(config) == 0
    assert capsys.readouterr().out.count("has forgotten agender/v2/shop/door") == 2
    second.kill()
    findings = list(examined(config))
    assert [finding.state for finding in findings] == ["good", "bad"]
    assert f":{second.port}: the broker is not reached" in findings[1].text
    with pytest.raises(UserError, match=rf"broker 127.0.0.1:{second.port} has not forgotten all"):
        forget(config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('fallback = ["door:hunter2@hub"]', "expected in fallback HOST"),
        ('fallback = ["mqtt://hub"]', "expected in fallback HOST"),
        ('fallback = ["hub:0"]', "expected in fallback HOST"),
        ('fallback = [""]', "expected in fallback HOST"),
        ('fallback = "hub"', "expected array"),
        ('tls = true\nfallback = ["ws://hub"]', "write wss:// in place of ws://"),
    ],
)
def test_a_wrong_list_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    """None of it is repeated, and a list never weakens what TLS promises."""
    file = tmp_path / "config.toml"
    file.write_text(f"[mqtt]\n{text}\n")
    with pytest.raises(ConfigError, match=said) as told:
        settings.load(file)
    assert "hunter2" not in str(told.value)


def test_info_tells_a_list_without_its_secrets() -> None:
    """Of an address of WebSockets the path may be one."""
    list_ = '["hub2", "wss://hub3/mqtt"]'
    config = settings.load(None, [f"mqtt.fallback={list_}"])
    told = without_secrets(config)["mqtt"]["fallback"]
    assert told == ["hub2", "wss://hub3"]
    with pytest.raises(ConfigError, match="holds a password"):
        settings.load(None, ['mqtt.fallback=["hub2", "wss://hub3/?t=hunter2"]'])
