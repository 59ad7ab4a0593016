"""A broker on a free loopback port for the demo: mosquitto if installed, else amqtt."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from edge.child import die_with_parent
from edge.errors import ConfigError

HOST = "127.0.0.1"
START_S = 10.0
PROTOCOLS = {"mosquitto": "auto", "amqtt": "3.1.1"}
"""What the publisher speaks to each: amqtt leaves an MQTT 5 client without an answer."""

MOSQUITTO = """listener {port} {host}
allow_anonymous true
persistence false
"""
AMQTT = """listeners:
  default:
    type: tcp
    bind: {host}:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


@contextmanager
def broker() -> Iterator[tuple[str, int]]:
    """Run a broker on `HOST`; its kind and port. It ends with the block."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="agender-demo-") as folder:
        kind, command = _command(Path(folder), port)
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - there are no threads yet
        )
        try:
            _wait(process, kind, port)
            yield kind, port
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(folder: Path, port: int) -> tuple[str, list[str]]:
    # Debian installs the broker where only root's PATH looks.
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    file = folder / "broker.conf"
    if mosquitto and os.environ.get("AGENDER_DEMO_BROKER") != "amqtt":
        file.write_text(MOSQUITTO.format(host=HOST, port=port))
        return "mosquitto", [mosquitto, "-c", str(file)]
    if importlib.util.find_spec("amqtt"):
        file.write_text(AMQTT.format(host=HOST, port=port))
        return "amqtt", [sys.executable, "-m", "amqtt.scripts.broker_script", "-c", str(file)]
    raise ConfigError(
        "the demo needs a broker: apt install mosquitto, or pip install 'agender-edge[demo]'"
    )


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], kind: str, port: int) -> None:
    """Until the broker listens."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ConfigError(f"the demo's broker ({kind}) did not start within {START_S:g} s")
