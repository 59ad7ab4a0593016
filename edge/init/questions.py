"""What the flags leave open, asked on a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from edge.config.tables import Config
from edge.errors import UserError
from edge.init.arguments import PLACES
from edge.runtime.capture.v4l2_device import Camera, cameras

Ask = Callable[[str], str]
PLACE_WORDS = {
    "home": "a home or workshop: all is told",
    "shop": "strangers pass: groups from 5 people on",
    "school": "children, patients, believers: groups from 10 on, nothing of the moment",
}


def complete(parsed: argparse.Namespace, ask: Ask | None) -> None:
    """Fill in what the flags leave open; `ask` None: nobody is there to answer.

    UserError where something cannot go without an answer.
    """
    if parsed.place is None:
        if ask is None:
            raise UserError(f"--place is missing: one of {', '.join(PLACES)}")
        parsed.place = _chosen(ask, "What kind of place is it?", PLACE_WORDS)
    if ask is None:
        return
    _ask_source(parsed, ask)
    standard = Config()
    for flag, question, default in (
        ("site", "Name of the place, first level of the topics", standard.device.site),
        ("device", "Name of this device, unique at the broker", standard.device.name),
        ("broker", "Host of the MQTT broker", standard.mqtt.host),
        ("username", "User of this device at the broker, empty for none", ""),
    ):
        if getattr(parsed, flag) is None:
            setattr(parsed, flag, _answered(ask, question, default) or None)


def asker() -> Ask | None:
    """Asks on the terminal; None where there is none. Ctrl-D ends with a sentence."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None

    def ask(question: str) -> str:
        try:
            return input(question).strip()
        except EOFError as error:
            raise UserError("nothing was written: the questions were not answered") from error

    return ask


def _ask_source(parsed: argparse.Namespace, ask: Ask) -> None:
    if parsed.source is not None or any(o.startswith("source.uri") for o in parsed.overrides):
        return
    found = dict(offered(cameras()))
    found["another"] = "a network camera (rtsp://…), a file"
    chosen = _chosen(ask, "Which camera?", found)
    parsed.source = ask("Address or path: ") if chosen == "another" else chosen


def offered(usb: Sequence[Camera]) -> list[tuple[str, str]]:
    """(`source.uri`, in words) of the cameras that are there: the Pi's own first."""
    own = [("picamera", "the Raspberry Pi's camera")] if find_spec("picamera2") else []
    return own + [(str(camera.path), camera.name) for camera in usb]


def _answered(ask: Ask, question: str, default: str) -> str:
    return ask(f"{question} [{default}]: " if default else f"{question}: ") or default


def _chosen(ask: Ask, question: str, choices: dict[str, str]) -> str:
    """A key of `choices`, by its number or itself; asked again until it is one."""
    keys = list(choices)
    lines = [f"  {number}  {key}: {choices[key]}" for number, key in enumerate(keys, 1)]
    prompt = "\n".join((question, *lines, "Number [1]: "))
    while True:
        answer = ask(prompt) or "1"
        if answer in keys:
            return answer
        if answer.isdigit() and 1 <= int(answer) <= len(keys):
            return keys[int(answer) - 1]
        prompt = f"A number from 1 to {len(keys)}: "
