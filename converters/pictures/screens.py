"""What `agender-edge watch` shows while the demo runs, screen by screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from converters.errors import ConvertError
from edge.watch.board import Board
from edge.watch.screen import screen

COLUMNS, ROWS = 72, 21
HEIGHT = ROWS + 3
"""Of the terminal, whose last lines stay free."""
STATUS = "connected to hub.local:1883"
DEVICE = "door"


class Screen(NamedTuple):
    """Lines of text, and how long they were to be seen."""

    text: str
    seconds: float


def recorded() -> list[Screen]:
    """Run the demo and keep each screen that differs; ConvertError where it does not run."""
    os.environ["NO_COLOR"] = "1"  # colours are the picture's affair
    board = Board()
    shown: list[tuple[float, str]] = []
    for at_s, topic, payload in _messages():
        board.take(topic, payload)
        text = screen(board, STATUS, width=COLUMNS, height=HEIGHT)
        if not shown or text != shown[-1][1]:
            shown.append((at_s, text))
    if not shown:
        raise ConvertError("the demo told nothing: run agender-edge demo to see why")
    ends = [at_s for at_s, _ in shown[1:]] + [shown[-1][0] + 3.0]
    return [Screen(text, end - at) for (at, text), end in zip(shown, ends, strict=True)]


def _messages() -> Iterator[tuple[float, str, bytes]]:
    """When each message of the demo came, its topic and payload."""
    command = [sys.executable, "-m", "edge", "demo", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            told = json.loads(line)
            payload = told["payload"]
            plain = payload if isinstance(payload, str) else json.dumps(payload)
            yield time.monotonic(), _renamed(told["topic"]), plain.encode()
    if process.returncode:
        raise ConvertError(f"the demo ended with status {process.returncode}")


def _renamed(topic: str) -> str:
    """Under a device's name that is not this machine's."""
    levels = topic.split("/")
    return "/".join([*levels[:3], DEVICE, *levels[4:]])
