"""A broker with the limits of hosted ones, which mosquitto cannot be given."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.publish.support import free_port, spawn, wait_for
from tests.shared import SHARED

SCRIPT = SHARED / "tools" / "limited_broker.py"


class Heard(NamedTuple):
    """One publish as the broker took it."""

    topic: str
    qos: int
    retain: int
    size: int


class LimitedBroker:
    """Enforces what it is told to; `log` is what it heard, line by line."""

    def __init__(self, folder: Path, **options: Any) -> None:
        if not SCRIPT.exists():
            pytest.skip(f"{SCRIPT} is not there: the broker with limits lies outside of the code")
        self.port = free_port()
        self._log = folder / f"limited-{self.port}.log"
        command = [sys.executable, str(SCRIPT), json.dumps({"port": self.port, **options})]
        self._stdout = self._log.open("wb")
        self.process = spawn(command, stdout=self._stdout)
        wait_for(self._listens, 10, "the broker with limits")

    def _listens(self) -> bool:
        # Not by connecting: that would be a line of its log.
        wanted = f":{self.port:04X} 00000000:0000 0A"
        return wanted in Path("/proc/net/tcp").read_text(encoding="ascii")

    @property
    def log(self) -> str:
        return self._log.read_text()

    def heard(self, name: str = "") -> list[Heard]:
        """What was published on topics that end so, in order."""
        found = re.findall(r"PUBLISH qos (\d) retain (\d) (\S+) (\d+) bytes", self.log)
        return [
            Heard(topic, int(qos), int(retain), int(size))
            for qos, retain, topic, size in found
            if topic.endswith(name)
        ]
