"""A network camera that plays for ever at its own pace, and misbehaves when told to."""

from __future__ import annotations

import socket
import struct
import threading
import time
from pathlib import Path

from tests.capture.rtsp_server import TS_PACKETS, Server


class Camera(Server):
    """`hung`: connections stay open in silence. `away`: they are cut, and new ones refused."""

    def __init__(self, stream: Path, length_s: float) -> None:
        self.hung = threading.Event()
        self.away = threading.Event()
        self._packet_s = length_s / (stream.stat().st_size / TS_PACKETS)
        super().__init__(stream)

    def _serve(self, client: socket.socket) -> None:
        if self.away.is_set():
            client.close()
            return
        super()._serve(client)

    def _play(self, client: socket.socket) -> None:
        starts = range(0, len(self._content), TS_PACKETS)
        due_s, index = time.monotonic(), 0
        while True:
            for start in starts:
                self._send(client, index, self._content[start : start + TS_PACKETS])
                index += 1
                due_s = max(due_s + self._packet_s, time.monotonic() - 1)
                while (early_s := due_s - time.monotonic()) > 0 or self.hung.is_set():
                    if self._stopping.wait(min(max(early_s, 0.01), 0.1)) or self.away.is_set():
                        return

    @staticmethod
    def _send(client: socket.socket, index: int, content: bytes) -> None:
        packet = struct.pack(">BBHII", 0x80, 33, index & 0xFFFF, (index * 900) & 0xFFFFFFFF, 1)
        client.settimeout(5)
        client.sendall(b"$\0" + struct.pack(">H", len(packet) + len(content)) + packet + content)
        client.settimeout(0.1)
