"""A name server on loopback that says whatever a test makes of a question, and DNS in bytes."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

DOMAIN = "lan.example"
"""What is searched, where a test says nothing else."""
WISH = {"host": "auto", "auto_unverified": True}

Answer = Callable[[bytes], bytes | None]
"""A question's packet → the answer's; None: silence."""

ROOT, HUB = b"\0", b"\3hub\3lan\7example\0"
"""Names as DNS writes them (RFC 1035, section 3.1)."""


def free_port() -> int:
    """A port that nobody has, of TCP or of UDP: a name server listens at both."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as tcp, suppress(OSError):
            port = int(tcp.getsockname()[1])
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
                opened.bind(("127.0.0.1", port))
                return port


@contextmanager
def answering(port: int, answer: Answer) -> Iterator[None]:
    """It is there as long as the context."""
    done = Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", port))
        opened.settimeout(0.05)
        thread = Thread(target=_answer_all, args=(opened, answer, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(5)


def _answer_all(opened: socket.socket, answer: Answer, done: Event) -> None:
    while not done.is_set():
        try:
            question, who = opened.recvfrom(4096)
        except TimeoutError:
            continue
        if (said := answer(question)) is not None:
            opened.sendto(said, who)


def name_in(question: bytes) -> str:
    """Which name is asked for, in small letters."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("latin-1"))
        at += 1 + question[at]
    return ".".join(labels).lower()


def header(question: bytes, answers: int, code: int = 0) -> bytes:
    """An answer's beginning, the question included; so many records follow."""
    asked = question[12:]
    return question[:2] + struct.pack(">5H", 0x8180 | code, 1, answers, 0, 0) + asked


def refused(question: bytes) -> bytes:
    """There is no such name."""
    return header(question, 0, code=3)


def srv(target: bytes, port: int = 1883, priority: int = 0, name: bytes = b"\xc0\x0c") -> bytes:
    """A record; its name is the question's, by a pointer."""
    data = struct.pack(">3H", priority, 0, port) + target
    return name + struct.pack(">2HIH", 33, 1, 60, len(data)) + data
