"""What others run: Prometheus (our page, and Debian's exporter for MQTT) and Telegraf."""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge.config.tables import Metrics
from edge.errors import ConfigError
from edge.messages.counts import VIEW_FLAGS, encode_counts
from edge.messages.live import HealthNow, PublisherSocket, StateNow, VisionSocket
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.metrics import serve
from edge.publish.publisher import Publisher
from edge.publish.topics import Topics
from tests.publish.support import (
    Broker,
    config_for,
    counts,
    drive,
    free_port,
    health,
    make_publisher,
    spawn,
    state,
    wait_for,
)

INTEGRATIONS = Path(__file__).parents[2] / "docs" / "integrations"


@pytest.fixture
def publisher(broker: Broker, tmp_path: Path) -> Iterator[Publisher]:
    """A publisher that has delivered two windows, a state and a health record."""
    with (
        Outbox(tmp_path / FILE_NAME) as outbox,
        VisionSocket(tmp_path) as vision,
        PublisherSocket(tmp_path) as live,
    ):
        outbox.append(counts(0))
        outbox.append(counts(1))
        vision.send(StateNow(state=state(present=4)))
        vision.send(HealthNow(health=health(temperature_celsius=None, view_dark=True)))
        made = make_publisher(config_for(tmp_path, broker.port), live=live)
        drive(made, lambda: bool(made.last_health and made.last_health.vision_running))
        drive(made, made.delivery.is_done)
        drive(made, lambda: made.live_state.state is not None and not made.connection.wants_write())
        yield made
        made.connection.close()


def scrape(port: int) -> dict[tuple[str, ...], float]:
    """The page as (name, label values in the order of their names…) → value."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        text = page.read().decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_our_own_page_shows_totals_and_the_live_values(publisher: Publisher) -> None:
    """People by gender and age since the start, and every number of health and state."""
    port = free_port()
    end = serve(publisher, Metrics(port=port))
    page = scrape(port)
    end()
    assert page["agender_people_total", "25_34", "female"] == 2
    assert page["agender_people_total", "unknown", "unknown"] == 2
    assert sum(v for k, v in page.items() if k[0] == "agender_people_total") == 6
    assert page["agender_present",] == 4
    assert page["agender_fps_processed",] == 9.5
    assert page["agender_connected",] == 1
    assert page["agender_view_dark",] == 1
    assert ("agender_temperature_celsius",) not in page


def test_a_port_in_use_is_one_sentence(publisher: Publisher, broker: Broker) -> None:
    """The keys and the reason, before anything is published."""
    with pytest.raises(ConfigError, match=f"metrics.port = {broker.port}.*in use"):
        serve(publisher, Metrics(port=broker.port))


def test_debian_s_exporter_reads_what_we_publish(
    broker: Broker, publisher: Publisher, tmp_path: Path
) -> None:
    """prometheus-mqtt-exporter with our file shows the numbers of a real device."""
    exporter = shutil.which("prometheus-mqtt-exporter")
    if exporter is None:
        pytest.skip("not installed (apt install prometheus-mqtt-exporter)")
    shipped = (INTEGRATIONS / "prometheus-mqtt-exporter.yaml").read_text()
    config = tmp_path / "exporter.yaml"
    config.write_text(shipped.replace("tcp://localhost:1883", f"tcp://127.0.0.1:{broker.port}"))
    port = free_port()
    process = spawn(
        [exporter, "-config", str(config), "-listen-address", "127.0.0.1",
         "-listen-port", str(port)], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: _answers(port), 10, "the exporter")
        wait_for(lambda: "prometheus-agender" in broker.log, 10, "its subscription")
        with Outbox(tmp_path / FILE_NAME) as outbox:
            outbox.append(counts(2, people=7, female=5, female_25_34=5, age_25_34=6))
        drive(publisher, publisher.delivery.is_done)
        wait_for(lambda: any(k[0] == "agender_people" for k in scrape(port)), 10, "the counts")
        page = {key[0]: value for key, value in scrape(port).items()}
    finally:
        process.terminate()
        process.wait(10)
    assert (page["agender_people"], page["agender_female"], page["agender_present"]) == (7, 5, 4)
    assert (page["agender_fps_processed"], page["agender_view_dark"]) == (9.5, 1)


def _answers(port: int) -> bool:
    try:
        scrape(port)
    except OSError:
        return False
    return True


def test_telegraf_s_points_differ_where_windows_do() -> None:
    """Of one end, as after a clock was set back; a repeat falls on itself.

    Starlark, in which it is written, is read as Python.
    """
    [processor] = tomllib.loads((INTEGRATIONS / "telegraf.conf").read_text())["processors"][
        "starlark"
    ]
    assert processor["namepass"] == ["counts"]
    read: dict[str, Any] = {}
    exec(processor["source"], read)

    def time_ns(seq: int) -> int:
        end_ns = 1_767_225_660_000_000_000
        return read["apply"](SimpleNamespace(time=end_ns, fields={"seq": float(seq)})).time

    assert time_ns(7) != time_ns(8)
    assert time_ns(7) == time_ns(7)
    assert time_ns(4_000_000_999) // 1_000_000 == time_ns(0) // 1_000_000


def test_telegraf_s_file_fits_the_messages(publisher: Publisher) -> None:
    """Its topics, time keys, texts and flags are those of real messages.

    Telegraf itself is not run: only what its file says is checked.
    """
    inputs = tomllib.loads((INTEGRATIONS / "telegraf.conf").read_text())["inputs"]["mqtt_consumer"]
    topics = Topics(config_for(Path(), 1))
    flags = dict.fromkeys(VIEW_FLAGS, False)
    messages = {
        topics.counts: encode_counts(counts(timezone="+01:00", **flags)),
        topics.state: msgspec.json.encode(state()),
        topics.health: msgspec.json.encode(health(paused=True, pause_reason="request", **flags)),
    }
    for topic, payload in messages.items():
        message = msgspec.json.decode(payload)
        [section] = [s for s in inputs if any(fnmatch.fnmatch(topic, t.replace("+", "*"))
                                              for t in s["topics"])]  # fmt: skip
        stamp = message[section["json_time_key"]]
        assert datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").astimezone(UTC)
        # Telegraf passes over texts and booleans that are not named.
        not_numbers = {key for key, value in message.items() if isinstance(value, (str, bool))}
        stamps = {"start", "end", "time"}
        patterns = section["json_string_fields"]
        named = {key for key in message for each in patterns if fnmatch.fnmatch(key, each)}
        assert named | set(section.get("tag_keys", ())) == not_numbers - stamps
        # Of state and health, which share a section, one has all that it names.
        assert topic == topics.state or all(fnmatch.filter(message, each) for each in patterns)
        assert not any(isinstance(value, (dict, list)) for value in message.values())
        parsing = section["topic_parsing"][0]
        assert [len(parsing[k].split("/")) for k in parsing] == [5, 5, 5]
