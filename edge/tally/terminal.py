"""A terminal's keys, one by one, or a pipe's characters; and one line that is written over.

Whatever ends it (end of input, SIGINT, SIGTERM, a lost terminal's SIGHUP) is an end of the input
to the caller, who so keeps what was pressed.
"""

from __future__ import annotations

import codecs
import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READ_BYTES = 4_096


class Keyboard:
    """Standard input as text, as it comes."""

    def __init__(self, stdin: int, ended: int) -> None:
        """Two descriptors: of the input, and of a pipe that is written to where a signal came."""
        self._stdin, self._ended = stdin, ended
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")

    def read(self, within_s: float) -> str | None:
        """What was typed, empty where nothing was within that time; None at the end."""
        ready, _, _ = select.select([self._stdin, self._ended], [], [], max(within_s, 0.0))
        if self._ended in ready:
            return None
        if not ready:
            return ""
        try:
            found = os.read(self._stdin, READ_BYTES)
        except OSError:  # EIO: the terminal is gone, or another session's
            return None
        return self._decoder.decode(found) if found else None


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Keys at once and without echo, where there is a terminal; it is as before at the end."""
    with _signals() as ended, _cbreak(sys.stdin.fileno()):
        yield Keyboard(sys.stdin.fileno(), ended)


@contextmanager
def _cbreak(stdin: int) -> Iterator[None]:
    if not os.isatty(stdin):
        yield
        return
    before = termios.tcgetattr(stdin)
    try:
        tty.setcbreak(stdin, termios.TCSANOW)
        ours = termios.tcgetattr(stdin)
        # Whoever suspends a tally (Ctrl-Z) watches no more, and would not see that.
        ours[6][termios.VSUSP] = os.fpathconf(stdin, "PC_VDISABLE").to_bytes(1, "little")
        termios.tcsetattr(stdin, termios.TCSANOW, ours)
        yield
    finally:
        with suppress(termios.error, OSError):  # a lost terminal needs nothing
            termios.tcsetattr(stdin, termios.TCSANOW, before)


@contextmanager
def _signals() -> Iterator[int]:
    """A descriptor that can be read once one of the signals came; they end nothing else."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken)
        os.close(reading)
        os.close(writing)


class Screen:
    """Lines, and a last one that is written over; nothing where no terminal is written to."""

    def __init__(self, *, shown: bool, columns: Callable[[], int] | None = None) -> None:
        self._shown = shown
        self._columns = columns or (lambda: shutil.get_terminal_size().columns)
        self._length = 0

    @property
    def columns(self) -> int:
        """Of the terminal as it is now."""
        return self._columns()

    def lines(self, texts: list[str]) -> None:
        """Lines that stay."""
        self._write("".join(f"{text}\n" for text in texts))

    def over(self, text: str) -> None:
        """Write over the last line, cut to the terminal's width; blanks where it was longer."""
        fits = text[: max(self.columns - 1, 1)]
        self._write("\r" + fits.ljust(min(self._length, self.columns - 1)) + "\r" + fits)
        self._length = len(fits)

    def clear(self) -> None:
        """Take the last line away."""
        self.over("")

    def _write(self, text: str) -> None:
        if not self._shown:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:  # the terminal is gone; what was pressed is kept all the same
            self._shown = False
