"""kill -9 on anything at any moment: no window is lost, none is counted twice."""

from __future__ import annotations

import os
import signal
import time
from random import Random

import pytest

from edge.messages.consumer import Consumer, Verdict
from tests.main_job.program import children_of, start, wait_for
from tests.publish.proxy import FaultProxy
from tests.publish.support import Broker, Subscriber

KILLS = int(os.environ.get("AGENDER_KILLS", "20"))


def restart(broker: Broker, line: FaultProxy, consumer: Subscriber) -> None:
    """Kill the broker; nobody sends before the consumer is back to hear what is acknowledged."""
    line.shut = True
    broker.kill()
    consumer.lost()
    broker.start()
    wait_for(consumer.is_back, "the consumer's return")
    line.shut = False


@pytest.mark.slow
def test_killing_vision_publisher_and_broker_loses_and_doubles_nothing(tmp_path, demo_clip):
    """After KILLS kills the consumer has every number from 1 on, once it drops the repeats."""
    random = Random(KILLS)
    state = tmp_path / "state"
    broker = Broker(tmp_path)
    line = FaultProxy(broker.port, random)
    line.faulty = False
    consumer = Subscriber(broker.port)
    process = start(
        "run", "--source", demo_clip, "--set", "source.realtime=true", "--set",
        "source.repeat=1000", "--window-s", 1, "--broker", f"127.0.0.1:{line.port}",
        "--state-dir", state, "--set", f"paths.runtime={state}",
        "--set", "mqtt.reconnect_max_s=0.5", "--set", "mqtt.timeout_s=2", "--log-level", "error",
        stdout=None, stderr=None,
    )  # fmt: skip
    try:
        wait_for(lambda: consumer.of("/counts"), "the first window")
        for _ in range(KILLS):
            time.sleep(random.uniform(0.1, 1.5))
            victim = random.choice(("vision", "publisher", "broker"))
            if victim == "broker":
                restart(broker, line, consumer)
            elif number := children_of(process).get(victim):
                os.kill(number, signal.SIGKILL)
        before = len(consumer.of("/counts"))
        wait_for(lambda: len(consumer.of("/counts")) > before + 2, "windows after it all", 90)
        process.terminate()
        assert process.wait(30) == 0
        wait_for(lambda: consumer.of("/availability")[-1] == "stopped", "the clean end")
    finally:
        process.kill()
        consumer.close()
        broker.stop()
        line.close()
    check(consumer.of("/counts"))


def check(windows):
    """The reference consumer finds no gap; a repeated number brings the same window again."""
    follower = Consumer()
    first = {}
    verdicts = [
        follower.take("device", window["numbering"], window["seq"]) for window in windows
    ]  # fmt: skip
    for window, verdict in zip(windows, verdicts, strict=True):
        assert verdict in (Verdict.NEW, Verdict.REPEAT)
        assert first.setdefault(window["seq"], window) == window
    assert sorted(first) == list(range(1, len(first) + 1))
    assert len(first) > KILLS / 4  # the pauses before a new start grow with every kill
