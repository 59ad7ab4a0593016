"""Home Assistant discovery: one retained payload for the device and all its entities.

Source of the form: "MQTT discovery: device discovery payload" in Home Assistant's MQTT
integration (2024.11 or newer). Keys are written out in full; the tests put the payload through
Home Assistant's own schemas.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from random import Random
from typing import Any

import msgspec

from edge import __version__
from edge.config.tables import Config
from edge.messages.bands import SCHEMES
from edge.messages.counts import VIEW_FLAGS
from edge.publish.message import Message
from edge.publish.topics import Topics

Component = dict[str, Any]

BIRTH_SPREAD_S = 3.0
EXPIRE_STATE_S = 120
EXPIRE_HEALTH = 6
"""Health goes stale after this many times without one."""
LATE_WINDOWS = 2
"""A window that ended before this many, and a minute, tells nothing of now."""
EXPIRE_WINDOWS = 3
"""A count goes stale after this many windows without one."""


class Announcer:
    """When to publish the payload: on connect, at Home Assistant's birth, when windows grow."""

    def __init__(self, config: Config, random: Random) -> None:
        self._config, self._random = config, random
        self._window_s = config.window_s
        self._due_at_s: float | None = None
        self.status_topic = f"{config.homeassistant.prefix}/status"

    def connected(self, now_s: float) -> None:
        """A broker may have forgotten what was retained."""
        self._due_at_s = now_s

    def status(self, payload: bytes, now_s: float) -> None:
        """Home Assistant speaks; every device hears its birth at once, so spread the answers."""
        if payload == b"online":
            self._due_at_s = now_s + self._random.uniform(0.0, BIRTH_SPREAD_S)

    def window(self, window_s: float, now_s: float) -> None:
        """The length of the last window sent; values must not expire before the next can come.

        A shorter one is often just the last before a restart, and expiring late does no harm.
        """
        if window_s > self._window_s:
            self._window_s, self._due_at_s = window_s, now_s

    def due(self, now_s: float) -> Message | None:
        """The message to publish now, once."""
        if self._due_at_s is None or now_s < self._due_at_s:
            return None
        self._due_at_s = None
        return self.message()

    def message(self) -> Message | None:
        """The payload as a message; None where discovery is switched off."""
        if not self._config.homeassistant.enabled:
            return None
        text = msgspec.json.encode(payload(self._config, self._window_s))
        return Message(topic(self._config), text, 1, True)


def device_id(config: Config) -> str:
    """Unique for a pair of site and device: names never start with "_", so no two pairs meet."""
    parts = (config.device.site, config.device.name)
    return "agender_" + "_".join(part.replace("_", "__") for part in parts)


def topic(config: Config) -> str:
    """Where the payload is retained."""
    return f"{config.homeassistant.prefix}/device/{device_id(config)}/config"


def payload(config: Config, window_s: float) -> dict[str, Any]:
    """The discovery payload of this device, whose windows are `window_s` long just now."""
    topics, identity = Topics(config), device_id(config)
    components = _counts(config, topics, window_s) | _diagnostics(config, topics)
    if config.privacy.epsilon is None:
        components |= _totals(topics)
    if config.privacy.live:
        components |= _live(topics)
    if config.commands.enabled:
        components |= _buttons(topics, config.commands.verbs)
    for key, component in components.items():
        component["unique_id"] = f"{identity}_{key}"
        component["default_entity_id"] = f"{component['platform']}.{_slug(config)}_{key}"
    return {
        "device": {
            "identifiers": [identity],
            "name": f"{config.device.site} {config.device.name}",
            "manufacturer": "agender-edge",
            "model": "Anonymous people counter",
            "sw_version": __version__,
            "suggested_area": config.device.site,
        },
        "origin": {"name": "agender-edge", "sw_version": __version__},
        "availability": [
            {
                "topic": topics.availability,
                # `stopped` is a clean end: as unavailable as `offline` is.
                "value_template": "{{ 'online' if value == 'online' else 'offline' }}",
            }
        ],
        "components": components,
        "qos": 1,
    }


def _slug(config: Config) -> str:
    return re.sub(r"[^a-z0-9]+", "_", f"{config.device.site}_{config.device.name}".lower())


def _sensor(name: str, state_topic: str, key: str, **more: Any) -> Component:
    return {
        "platform": "sensor",
        "name": name,
        "state_topic": state_topic,
        "value_template": f"{{{{ value_json.{key} }}}}",
        "state_class": "measurement",
        **more,
    }


def _flag(key: str) -> str:
    """A template for a flag that is null where it is not known."""
    return (
        f"{{% if value_json.{key} is none %}}None"
        f"{{% else %}}{{{{ 'ON' if value_json.{key} else 'OFF' }}}}{{% endif %}}"
    )


def _problem(name: str, state_topic: str, template: str, **more: Any) -> Component:
    return {
        "platform": "binary_sensor",
        "name": name,
        "state_topic": state_topic,
        "value_template": template,
        **more,
    }


def _totals(topics: Topics) -> dict[str, Component]:
    """Sums, of which Home Assistant keeps statistics of every hour and day."""
    return {
        "people_ever": _sensor(
            "People ever", topics.totals, "ever_people", state_class="total_increasing",
            icon="mdi:counter",
        ),
        "people_today": _sensor(
            "People today", topics.totals, "today_people", state_class="total",
            last_reset_value_template="{{ value_json.midnight }}", icon="mdi:calendar-today",
        ),
    }  # fmt: skip


def _counts(config: Config, topics: Topics, window_s: float) -> dict[str, Component]:
    """What a window counted; each value is that window's own, so it is a measurement."""
    named = {
        "people": "People",
        "female": "Women",
        "male": "Men",
        "gender_unknown": "Gender unknown",
    }
    for band in SCHEMES[config.window.bands]:
        named[f"age_{band}"] = "Age " + band.replace("_plus", "+").replace("_", "–")
    named["age_unknown"] = "Age unknown"
    expire = {"expire_after": round(EXPIRE_WINDOWS * window_s + 60)}
    people = {"unit_of_measurement": "people", "icon": "mdi:account-group", **expire}
    late_s = round(LATE_WINDOWS * window_s + 60)
    seconds = {"unit_of_measurement": "s", "device_class": "duration", **expire,
               "suggested_display_precision": 1}  # fmt: skip
    sensors = {
        key: _sensor(name, topics.counts, key, **people) for key, name in named.items()
    } | {
        "attention": _sensor("Attention", topics.counts, "attention_s_mean", **seconds),
        "dwell": _sensor("Dwell time", topics.counts, "dwell_s_mean", **seconds),
    }  # fmt: skip
    for sensor in sensors.values():
        sensor["value_template"] = _unless_late(sensor["value_template"], late_s)
    return sensors


def _unless_late(template: str, late_s: int) -> str:
    """A template whose value is unknown while it tells of long ago: a back-log is no news.

    Not where the device's clock was wrong: its stamps say nothing then.
    """
    on_time = f"as_timestamp(value_json.end) > now().timestamp() - {late_s}"
    value = template.removesuffix(" }}")
    return f"{value} if not value_json.clock_synced or {on_time} else none }}}}"


def _live(topics: Topics) -> dict[str, Component]:
    expire = {"expire_after": EXPIRE_STATE_S}
    present = {"unit_of_measurement": "people", "icon": "mdi:account-eye", **expire}
    return {
        "present": _sensor("Present", topics.state, "present", **present),
        "attending": _sensor("Attending", topics.state, "attending", **present),
    }


def _diagnostics(config: Config, topics: Topics) -> dict[str, Component]:
    expire = {"expire_after": round(EXPIRE_HEALTH * config.health.every_s)}
    common = {**expire, "entity_category": "diagnostic"}
    fps = {"unit_of_measurement": "fps", "icon": "mdi:speedometer", **common}
    temperature = {"unit_of_measurement": "°C", "device_class": "temperature", **common}
    memory = {"unit_of_measurement": "MB", "device_class": "data_size", **common}
    windows = {"unit_of_measurement": "windows", "icon": "mdi:tray-full", **common}
    problem = {"device_class": "problem", **common}
    return {
        "paused": _problem(
            "Privacy pause",
            topics.health,
            "{{ 'ON' if value_json.paused else 'OFF' }}",
            icon="mdi:camera-off",
            **expire,
        ),
        "fps": _sensor("Frames per second", topics.health, "fps_processed", **fps),
        "temperature": _sensor("Temperature", topics.health, "temperature_celsius", **temperature),
        "memory": _sensor("Memory", topics.health, "vision_memory_mb", **memory),
        "outbox": _sensor("Outbox", topics.health, "outbox_depth", **windows),
        "outbox_dropped": _sensor("Windows dropped", topics.health, "outbox_dropped",
                                  **(windows | {"icon": "mdi:delete-clock"})),
        "throttled": _problem("Throttled", topics.health, _flag("throttled"), **problem),
        "camera_problem": _problem(
            "Camera problem",
            topics.health,
            "{{ 'OFF' if value_json.camera_ok and value_json.vision_running else 'ON' }}",
            **problem,
        ),
    } | {
        key: _problem(key.capitalize().replace("_", " "), topics.health, _flag(key), **problem)
        for key in VIEW_FLAGS
    }  # fmt: skip


def _buttons(topics: Topics, verbs: Collection[str]) -> dict[str, Component]:
    return {
        verb: {
            "platform": "button",
            "name": name,
            "command_topic": f"{topics.base}/request/{verb}",
            "payload_press": '{"transaction":"homeassistant"}',
            "entity_category": "config",
            "icon": icon,
        }
        for verb, name, icon in (
            ("pause", "Pause camera", "mdi:camera-off"),
            ("resume", "Resume camera", "mdi:camera"),
        )
        if verb in verbs
    }
