"""What ends a program from outside, ended in order."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def endings(*, even_ignored: bool) -> Iterator[None]:
    """A request to end and a lost terminal end the block as Ctrl-C does.

    `even_ignored`: also where whoever started us had them ignored, as nohup does.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    heard = [n for n, handler in before.items() if even_ignored or handler != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
