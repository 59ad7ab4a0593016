"""What the doctor says about a broker, and which of the broker's settings to change."""

from __future__ import annotations

from typing import Literal, NamedTuple

from edge.publish.device_info import SHED

State = Literal["bad", "note"]


class Told(NamedTuple):
    """One sentence, and what to do about it; `note`: the device lives with it."""

    text: str
    advice: str
    state: State = "bad"


_LONGER = "let it take packets of 65,536 bytes (mosquitto: max_packet_size)"

GIVEN_UP = {
    "retain": Told(
        "the broker retains nothing, or is not to: who comes later waits for the next message",
        "let it (mosquitto: retain_available true), and set mqtt.retain to auto",
        "note",
    ),
    "qos_1": Told(
        "nothing is acknowledged (QoS 0), so that messages may get lost",
        "let the broker take QoS 1 (mosquitto: max_qos 1), and set mqtt.qos to auto",
        "note",
    ),
    "discovery": Told(
        "the announcement to Home Assistant is longer than the broker takes, and stays away",
        _LONGER,
        "note",
    ),
} | {
    key: Told(f"info goes without {key}, for the broker takes no packet as long", _LONGER, "note")
    for key in SHED
}
"""A name in `info.given_up` → what it means."""

KEPT = Told(
    "windows are kept, for the broker takes no QoS 1, without which some get lost",
    "let it (mosquitto: max_qos 1), or accept the loss by mqtt.qos = 0",
)


def too_long(size: int) -> Told:
    """A window can't be sent."""
    return Told(f"a window has {size} bytes, and the broker takes less", _LONGER)


def forbidden(what: Literal["read", "write"], topic: str, why: str, state: State = "bad") -> Told:
    """The broker says that a topic may not be read, or written."""
    return Told(
        f"the broker lets nobody {what} {topic} as this device: {why.split('; ', maxsplit=1)[0]}",
        f"allow it in its access list (mosquitto: topic {what} {topic})",
        state,
    )


def not_handed_back(topic: str, *, answers: bool) -> Told:
    """What was retained did not come back; `answers`: the broker tells what it forbids (MQTT 5).

    Where it does, only the reading is in doubt; with 3.1.1 the writing is as well.
    """
    return Told(
        f"{topic} was taken, but is not handed back"
        + ("" if answers else "; with MQTT 3.1.1 a broker may throw away what it forbids"),
        f"allow this device to write and read it (mosquitto: topic readwrite {topic})",
        "note" if answers else "bad",
    )


def in_two(sentence: str) -> Told:
    """A sentence of the form "what is wrong; what to do" → both."""
    text, _, advice = sentence.partition("; ")
    return Told(text, advice or "check the [mqtt] table, and that the broker runs")
