"""A connection of its own for each device, as many as the machine allows: MQTT 3.1.1 by hand.

A client library a connection would cost more than the cluster that is measured. Each device
connects with a will, tells `health` (retained, QoS 0) in its own rhythm, sends windows (QoS 1)
again until they are acknowledged, and after a broken connection comes back at the next node a
second or more later.
"""

from __future__ import annotations

import heapq
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from itertools import count
from random import Random
from threading import Thread
from typing import NamedTuple

import msgspec

from tests.publish.support import STARTED, health

KEEPALIVE_S = 180
CONNECTS_A_TURN = 20
AGAIN_S = (1.0, 5.0)
CONNACK, PUBACK = 2, 4


class Window(NamedTuple):
    """A device's window on its way to the broker."""

    device: int
    topic: str
    payload: bytes


class Connections:
    """`devices` connections, spread over `ports`; a thread drives them until `close`."""

    def __init__(self, ports: Sequence[int], devices: int, health_s: float) -> None:
        self.up = self.most_up = self.broken = self.healths = 0
        self._coming: deque[Window] = deque()
        self._random = Random(21)
        self._turn = count()
        self._select = selectors.EpollSelector()
        self._devices = [_Device(number, ports) for number in range(devices)]
        self._due: list[tuple[float, int, _Device]] = []
        self._health_s = health_s
        self._health = msgspec.json.encode(health())
        self._sent = self._acknowledged = 0
        self._ends = False
        now_s = time.monotonic()
        for device in self._devices:
            self._plan(now_s + device.number / 500, device)
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        STARTED.append(self.close)

    def send(self, device: int, topic: str, payload: bytes) -> None:
        """Let a device send a window; `arrived` tells when all were acknowledged."""
        self._sent += 1
        self._coming.append(Window(device, topic, payload))

    def arrived(self) -> None:
        """Wait until the brokers have acknowledged all of it."""
        while self._acknowledged < self._sent:
            time.sleep(0.05)

    def close(self) -> None:
        """End all of them without a farewell."""
        self._ends = True
        self._thread.join()
        for device in self._devices:
            device.drop()

    def _run(self) -> None:
        while not self._ends:
            while self._coming:
                window = self._coming.popleft()
                self._devices[window.device].take(window)
            self._connect_and_tell(time.monotonic())
            for key, _ in self._select.select(0.01):
                self._read(key.data)

    def _plan(self, at_s: float, device: _Device) -> None:
        heapq.heappush(self._due, (at_s, next(self._turn), device))

    def _connect_and_tell(self, now_s: float) -> None:
        """Whoever is due connects or tells its health; not too many connect at once."""
        left = CONNECTS_A_TURN
        while left and self._due and self._due[0][0] <= now_s:
            _, _, device = heapq.heappop(self._due)
            if device.sock is None:
                left -= 1
                self._connect(device, now_s)
            elif device.up:
                device.publish(device.topic("health"), self._health, retain=True)
                self.healths += 1
                self._plan(now_s + self._health_s, device)

    def _connect(self, device: _Device, now_s: float) -> None:
        if device.connect():
            self._select.register(device.sock, selectors.EVENT_READ, device)
        else:
            self._plan(now_s + self._random.uniform(*AGAIN_S), device)

    def _read(self, device: _Device) -> None:
        packets = device.read()
        if packets is None:
            self._lost(device)
            return
        for kind in packets:
            if kind == CONNACK:
                self.up += 1
                self.most_up = max(self.most_up, self.up)
                self._plan(time.monotonic() + self._random.uniform(0, self._health_s), device)
            elif kind == PUBACK:
                self._acknowledged += 1

    def _lost(self, device: _Device) -> None:
        self._select.unregister(device.sock)
        self.up -= device.up
        self.broken += 1
        self._due = [one for one in self._due if one[2] is not device]
        heapq.heapify(self._due)
        device.drop()
        self._plan(time.monotonic() + self._random.uniform(*AGAIN_S), device)


class _Device:
    """One connection, and the windows that were not acknowledged on it."""

    def __init__(self, number: int, ports: Sequence[int]) -> None:
        self.number, self.up = number, False
        self.sock: socket.socket | None = None
        self._ports, self._tries = ports, number
        self._open: dict[int, Window] = {}
        self._ids = count(1)
        self._bytes = b""

    def topic(self, kind: str) -> str:
        return f"agender/v2/site-{self.number % 100}/device-{self.number}/{kind}"

    def connect(self) -> bool:
        """Connect to the next node; false where it is not there."""
        port = self._ports[self._tries % len(self._ports)]
        self._tries += 1
        self._bytes = b""
        try:
            self.sock = socket.create_connection(("127.0.0.1", port), 5)
        except OSError:
            return False
        flags = struct.pack("!BBH", 4, 0b00101110, KEEPALIVE_S)  # clean, will of QoS 1, retained
        texts = (f"device-{self.number}", self.topic("availability"), "offline")
        self._write(0x10, _text("MQTT") + flags + b"".join(map(_text, texts)))
        return True

    def take(self, window: Window) -> None:
        """Send a window, now or once there is a connection."""
        number = next(self._ids) % 65_535 + 1
        self._open[number] = window
        if self.up:
            self._send(number)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._write(0x30 | retain, _text(topic) + payload)

    def read(self) -> list[int] | None:
        """The kinds of the packets that came; None where the connection is over."""
        assert self.sock is not None
        try:
            more = self.sock.recv(65_536)
        except OSError:
            return None
        self._bytes += more
        kinds = []
        while len(self._bytes) >= 4:  # CONNACK and PUBACK, the only ones, have two bytes of body
            packet, self._bytes = self._bytes[:4], self._bytes[4:]
            kinds += self._took(packet[0] >> 4, struct.unpack("!H", packet[2:])[0])
        return kinds if more else None

    def _took(self, kind: int, number: int) -> list[int]:
        if kind == CONNACK:
            self.up = True
            for waiting in list(self._open):
                self._send(waiting)
        elif self._open.pop(number, None) is None:
            return []
        return [kind]

    def _send(self, number: int) -> None:
        window = self._open[number]
        self._write(0x32, _text(window.topic) + struct.pack("!H", number) + window.payload)

    def _write(self, head: int, body: bytes) -> None:
        assert self.sock is not None
        try:
            self.sock.sendall(bytes([head]) + _length(len(body)) + body)
        except OSError:
            return  # the connection is over, as `read` finds too

    def drop(self) -> None:
        if self.sock is not None:
            self.sock.close()
        self.sock, self.up = None, False


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text)) + text.encode()


def _length(number: int) -> bytes:
    """As MQTT writes it: seven bits a byte, the lowest first."""
    found = b""
    while True:
        number, low = number >> 7, number & 0x7F
        found += bytes([low | 0x80 * (number > 0)])
        if not number:
            return found
