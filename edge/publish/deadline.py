"""One bound on all that happens over a socket until MQTT begins."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer


@contextmanager
def shut_down_at(connected: socket.socket, end_s: float) -> Iterator[None]:
    """In here the connection ends at `end_s` (monotonic), whoever waits for it: TimeoutError.

    A timeout of the socket's own holds for each call, and a peer that sends a byte now and then
    would keep a handshake going for ever.
    """
    over = Event()
    twin = connected.dup()  # TLS takes the socket itself over

    def end() -> None:
        over.set()
        with suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(end_s - time.monotonic(), 0.0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except OSError as error:
        if over.is_set():
            raise TimeoutError("timed out") from error
        raise
    finally:
        timer.cancel()
        twin.close()
