"""The verb `page`: one device's page until a signal."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import ExitStack

from waitress.wasyncore import file_dispatcher

from edge import log as logs
from edge.child import start_anew
from edge.config.tables import Config
from edge.errors import ConfigError, why
from edge.host.exposure import forbid_core_dumps
from edge.host.notify import Service
from edge.host.units import instance_in
from edge.messages.page import PageSocket
from edge.page.app import App
from edge.page.ear import Ear
from edge.page.password import password_of
from edge.page.server import Server, server_of

log = logging.getLogger("page")


def serve(config: Config) -> int:
    """Serve it until SIGTERM or SIGINT; the exit status.

    ConfigError where it is switched off, has no password but needs one, or can't have its port.
    """
    logs.set_up(config.log.level)
    # Else a line for each request that has to wait, which anybody may send.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    forbid_core_dumps()
    if not config.page.enabled:
        raise ConfigError("page.enabled = false: set it to true to have the page served")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    if _until_ended(config, password_of(config, instance_in(config.paths.state))):
        log.info("starting again with the configuration read anew")
        start_anew()
    return 0


def _until_ended(config: Config, password: str | None) -> bool:
    """Serve; whether it ended to read the configuration anew."""
    with ExitStack() as stack:
        ear = Ear(stack.enter_context(_socket(config)))
        server = server_of(config, App(config, ear, password))
        stack.callback(server.close)
        _Ear(ear, server)
        log.info("the page is on http://%s/", _where(config))
        server.run()
    return ear.reload_asked


def _socket(config: Config) -> PageSocket:
    try:
        return PageSocket(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {why(error)}") from error


def _where(config: Config) -> str:
    address = config.page.address
    return f"[{address}]:{config.page.port}" if ":" in address else f"{address}:{config.page.port}"


class _Ear(file_dispatcher):  # type: ignore[misc]
    """The publisher's socket in the server's loop, which also tells that it goes on."""

    def __init__(self, ear: Ear, server: Server) -> None:
        super().__init__(ear.fileno(), map=server._map)
        self._ear, self._service, self._turns = ear, Service(), 0
        self._server = server

    def readable(self) -> bool:
        """Called at every turn of the loop."""
        self._turns += 1
        self._ear.step()
        self._service.tick(self._turns, lambda: "serving")
        return True

    def writable(self) -> bool:
        """What is sent is sent at once."""
        return False

    def handle_read(self) -> None:
        """Take what the publisher tells."""
        self._ear.hear()
        if self._ear.reload_asked:
            sys.exit(0)

    def handle_expt(self) -> None:
        """Nothing comes out of band."""
