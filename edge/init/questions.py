"""What the flags leave open, asked on a terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from edge.broker_address import broker_overrides
from edge.config import read as settings
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.init.arguments import PLACES
from edge.publish.auto_broker import brokers
from edge.publish.mdns import Found
from edge.runtime.capture.v4l2_device import Camera, cameras

Ask = Callable[[str], str]
PLACE_WORDS = {
    "home": "a home or workshop: all is told",
    "shop": "strangers pass: groups from 5 people on",
    "school": "children, patients, believers: groups from 10 on, nothing of the moment",
}
NAMES = (
    ("site", "device.site", "Name of the place, first level of the topics"),
    ("device", "device.name", "Name of this device, unique at the broker"),
    ("broker", "mqtt.host", "Host of the MQTT broker"),
    ("username", "mqtt.username", "User of this device at the broker, empty for none"),
)
"""Flag, key and question."""
NOT_ANSWERED = "nothing was written: the questions were not answered"


def complete(parsed: argparse.Namespace, ask: Ask | None, known: Config) -> list[str]:
    """Fill in what neither the flags nor `known` say; `ask` None: nobody is there to answer.

    What may hold a password comes back as `key=value`, since no flag may. UserError where
    something cannot go without an answer.
    """
    if parsed.place is None:
        if ask is None:
            raise UserError(f"--place is missing: one of {', '.join(PLACES)}")
        parsed.place = chosen(ask, "What kind of place is it?", PLACE_WORDS)
    if ask is None:
        return []
    standard = Config()
    typed = ask_source(parsed, ask) if known.source.uri == standard.source.uri else []
    for flag, key, question in NAMES:
        default = _held(standard, key)
        if getattr(parsed, flag) is None and _held(known, key) == default:
            found = _found() if flag == "broker" else None
            note = f"{question}; this one is named by {found.how}" if found else question
            proposed = found.endpoint.authority if found else default
            setattr(parsed, flag, answered(ask, note, proposed, key) or None)
    return typed


def _found() -> Found | None:
    """The broker that this network names, where it can be asked."""
    try:
        found = brokers(tls=False, ask_dns=True)
    except OSError:  # no network
        return None
    return found[0] if found else None


def asker() -> Ask | None:
    """Asks on the terminal; None where there is none. Ctrl-D ends with a sentence."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None

    def ask(question: str) -> str:
        try:
            return input(question).strip()
        except EOFError as error:
            raise UserError(NOT_ANSWERED) from error
        except UnicodeDecodeError as error:
            raise UserError("nothing was written: an answer is not UTF-8 text") from error

    return ask


def ask_source(parsed: argparse.Namespace, ask: Ask) -> list[str]:
    """Which camera, where no flag says it; what was typed comes back as `key=value`."""
    if parsed.source is not None or any(o.startswith("source.uri") for o in parsed.overrides):
        return []
    found = dict(offered(cameras()))
    found["another"] = "a network camera (rtsp://…), a file"
    camera = chosen(ask, "Which camera?", found)
    if camera == "another":
        return [f"source.uri={answered(ask, 'Address or path', '', 'source.uri')}"]
    parsed.source = camera
    return []


def offered(usb: Sequence[Camera]) -> list[tuple[str, str]]:
    """(`source.uri`, in words) of the cameras that are there: the Pi's own first."""
    own = [("picamera", "the Raspberry Pi's camera")] if find_spec("picamera2") else []
    return own + [(str(camera.path), camera.name) for camera in usb]


def answered(ask: Ask, question: str, default: str, key: str) -> str:
    """What a key of the configuration can hold; asked again until it is that."""
    prompt = f"{question} [{default}]: " if default else f"{question}: "
    told = ""
    while True:
        answer = ask(told + prompt) or default
        try:
            _check(key, answer)
        except ConfigError as error:
            told = f"{error}\n"
        else:
            return answer


def _check(key: str, answer: str) -> None:
    """ConfigError where `key` cannot hold that, or cannot be empty."""
    if key == "source.uri" and not answer:
        raise ConfigError("a camera needs one")
    held = broker_overrides(answer) if key == "mqtt.host" else [f"{key}={answer}"]
    settings.load(Path(os.devnull), given=settings.Given("the answer", held))


def _held(config: Config, key: str) -> str:
    section, _, name = key.partition(".")
    return str(getattr(getattr(config, section), name))


def chosen(ask: Ask, question: str, choices: dict[str, str]) -> str:
    """A key of `choices`, by its number or itself; asked again until it is one."""
    keys = list(choices)
    numbers = {str(number): key for number, key in enumerate(keys, 1)}
    lines = [f"  {number}  {key}: {choices[key]}" for number, key in numbers.items()]
    prompt = "\n".join((question, *lines, "Number [1]: "))
    while True:
        answer = ask(prompt) or "1"
        if answer in keys or answer in numbers:
            return numbers.get(answer, answer)
        prompt = f"A number from 1 to {len(keys)}: "
