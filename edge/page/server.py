"""How much of a browser the page puts up with: bytes, seconds, connections."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask

from edge.config.tables import Config
from edge.errors import ConfigError, why
from edge.page.guard import is_loopback, network_of
from edge.page.web import BODY_MAX, HEAD_MAX, Wsgi

REQUEST_S = 15
"""A request that is not whole after so long is not answered, nor one whose answer nobody takes."""
CONNECTION_S = 60
"""An answer that is not taken after so long is not taken at all."""
CONNECTIONS_MAX = 200
BEYOND_MAX = 150
"""Of them from other machines: whoever is on this one gets in."""
NETWORK_MAX = 60
"""Of them from one network of IPv6, in which an attacker has as many addresses as he likes."""
CLIENT_MAX = 20
"""Of them from one address: a browser opens six."""


def server_of(config: Config, app: Wsgi) -> Server:
    """The server, which listens; ConfigError where it can't have its port."""
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
        clear_untrusted_proxy_headers=False,  # that there are any is told, nothing of them believed
    )
    try:
        return Server(app, adj=settings)
    except OSError as error:
        where = f"page.address = {config.page.address}, page.port = {config.page.port}"
        raise ConfigError(f"{where}: {why(error)}") from error


class _Task(WSGITask):  # type: ignore[misc]
    """One request, after which its connection is closed.

    Else thousands of them, sent at once, would be answered into memory, whoever takes the answers.
    """

    def execute(self) -> None:
        """Answer it."""
        self.request.headers["CONNECTION"] = "close"
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose time runs from a request's first byte, not from its last."""

    task_class = _Task
    last_activity: float

    def handle_read(self) -> None:
        """Take what is there; a byte now and then keeps nothing open."""
        since = self.last_activity if self.request is not None else None
        super().handle_read()
        self.last_activity = since or self.last_activity

    def is_over(self, now_s: float) -> bool:
        """Whether nobody waits for an answer that is being made, and time is up."""
        idle_s, old_s = now_s - self.last_activity, now_s - self.creation_time
        return not self.requests and (idle_s > REQUEST_S or old_s > CONNECTION_S)


class Server(TcpWSGIServer):  # type: ignore[misc]
    """The server, with bounds for each address, network, and all other machines."""

    channel_class = _Channel

    def handle_accept(self) -> None:
        """Let in, unless this address or its like is here often enough."""
        super().handle_accept()
        keep_bounds(list(self.active_channels.values()))

    def maintenance(self, now: float | None = None) -> None:
        """Close what is over at once: what waits to be taken by whoever does not take it would
        keep it open for ever.
        """
        now_s = time.time() if now is None else now
        for channel in list(self.active_channels.values()):
            if channel.is_over(now_s):
                channel.handle_close()


def keep_bounds(channels: Sequence[_Channel]) -> None:
    """Close the newest of more than may be; the oldest come first."""
    here = Counter(each for channel in channels for each, _ in _groups(channel))
    for channel in reversed(channels):
        if any(here[each] > most for each, most in _groups(channel)):
            here.subtract(each for each, _ in _groups(channel))
            channel.will_close = True


def _groups(channel: _Channel) -> Iterator[tuple[str, int]]:
    """What a connection counts as, and how many of each may be."""
    address = channel.addr[0]
    yield address, CLIENT_MAX
    if (network := network_of(address)) != address:
        yield network, NETWORK_MAX
    if not is_loopback(address):
        yield "beyond this machine", BEYOND_MAX
