"""Run by Home Assistant's own interpreter: a discovery payload through Home Assistant's own code.

stdin: {"topic", "prefix", "payload", "messages": {topic: text}} →
stdout: {"errors": [...], "states": {component: rendered state}, "version"}.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import sys
from typing import Any

import voluptuous as vol
from homeassistant.components.mqtt import discovery
from homeassistant.components.mqtt.models import MqttValueTemplate
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant


async def check(asked: dict[str, Any]) -> dict[str, Any]:
    """Parse the payload as Home Assistant does and render every value with real messages."""
    errors: list[str] = []
    hass = HomeAssistant(sys.argv[1])
    trimmed = asked["topic"].removeprefix(asked["prefix"] + "/")
    if not discovery.TOPIC_MATCHER.match(trimmed):
        errors.append(f"the topic {asked['topic']} is not matched")
    warnings = _Warnings()
    logging.getLogger("homeassistant").addHandler(warnings)
    parsed = discovery._parse_device_payload(hass, asked["payload"], "device", None)
    states: dict[str, Any] = {}
    for key, config in dict(parsed.get("components", {})).items():
        discovery._merge_common_device_options(config, parsed)
        config["device"], config["origin"] = parsed["device"], parsed["origin"]
        errors += _component(hass, key, config, asked["messages"], states)
    await hass.async_stop(force=True)
    return {"errors": errors + warnings.texts, "states": states, "version": __version__}


def _component(hass: HomeAssistant, key: str, config: dict[str, Any], messages: dict[str, str],
               states: dict[str, Any]) -> list[str]:  # fmt: skip
    platform = importlib.import_module(f"homeassistant.components.mqtt.{config.pop('platform')}")
    try:
        valid = platform.DISCOVERY_SCHEMA(dict(config))
    except vol.Invalid as error:
        return [f"{key}: {error}"]
    template = valid.get("value_template")
    if template is not None:
        template.hass = hass
        renderer = MqttValueTemplate(template)
        message = messages[valid["state_topic"]]
        states[key] = renderer.async_render_with_possible_json_value(message)
    for availability in valid["availability"]:
        availability["value_template"].hass = hass
        renderer = MqttValueTemplate(availability["value_template"])
        for said, meant in (("online", "online"), ("offline", "offline"), ("stopped", "offline")):
            if renderer.async_render_with_possible_json_value(said) != meant:
                states[key] = f"availability {said} is not {meant}"
    # Home Assistant drops keys that it doesn't know without a word; none may be dropped.
    return [f"{key}: {name} is not known" for name in config if name not in valid]


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


if __name__ == "__main__":
    print(json.dumps(asyncio.run(check(json.load(sys.stdin)))))
