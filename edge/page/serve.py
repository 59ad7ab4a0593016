"""The verb `page`: one device's page until a signal, and how much of a browser it puts up with."""

from __future__ import annotations

import logging
import signal
import sys
from collections import Counter
from contextlib import ExitStack

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.wasyncore import file_dispatcher

from edge import log as logs
from edge.child import start_anew
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.host.exposure import forbid_core_dumps
from edge.host.notify import Service
from edge.messages.page import PageSocket
from edge.page.app import App
from edge.page.ear import Ear
from edge.page.password import password_of
from edge.page.web import BODY_MAX

log = logging.getLogger("page")

REQUEST_S = 15
"""A request that is not whole after so long is not answered."""
CONNECTIONS_MAX = 200
CLIENT_MAX = 20
"""Connections of one address at once: a browser opens six."""
HEAD_MAX = 8_192


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
    if _until_ended(config, password_of(config)):
        log.info("starting again with the configuration read anew")
        start_anew()
    return 0


def _until_ended(config: Config, password: str | None) -> bool:
    """Serve; whether it ended to read the configuration anew."""
    with ExitStack() as stack:
        ear = Ear(stack.enter_context(_socket(config)))
        server = _server(config, App(config, ear, password))
        stack.callback(server.close)
        _Ear(ear, server)
        log.info("the page is on http://%s/", _where(config))
        server.run()
    return ear.reload_asked


def _socket(config: Config) -> PageSocket:
    try:
        return PageSocket(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {error}") from error


def _server(config: Config, app: App) -> Server:
    settings = Adjustments(
        host=config.page.address,
        port=config.page.port,
        threads=3,
        ident=None,
        connection_limit=CONNECTIONS_MAX,
        channel_timeout=REQUEST_S,
        cleanup_interval=2,
        max_request_header_size=HEAD_MAX,
        max_request_body_size=BODY_MAX,
        inbuf_overflow=2 * BODY_MAX,
        asyncore_loop_timeout=1,
        asyncore_use_poll=True,
        log_socket_errors=False,
        clear_untrusted_proxy_headers=True,
    )
    try:
        return Server(app, adj=settings)
    except OSError as error:
        where = f"page.address = {config.page.address}, page.port = {config.page.port}"
        raise ConfigError(f"{where}: {error.strerror or error}") from error


def _where(config: Config) -> str:
    address = config.page.address
    return f"[{address}]:{config.page.port}" if ":" in address else f"{address}:{config.page.port}"


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose time runs from a request's first byte, not from its last."""

    last_activity: float

    def handle_read(self) -> None:
        """Take what is there; a byte now and then keeps nothing open."""
        since = self.last_activity if self.request is not None else None
        super().handle_read()
        self.last_activity = since or self.last_activity


class Server(TcpWSGIServer):  # type: ignore[misc]
    """The server, with a bound for each address that asks."""

    channel_class = _Channel

    def handle_accept(self) -> None:
        """Let in, unless this address is here often enough."""
        super().handle_accept()
        clients = Counter(channel.addr[0] for channel in self.active_channels.values())
        for channel in list(self.active_channels.values())[::-1]:
            if clients[channel.addr[0]] > CLIENT_MAX:
                clients[channel.addr[0]] -= 1
                channel.will_close = True


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
