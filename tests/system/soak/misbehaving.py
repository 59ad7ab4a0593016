"""A network camera with people in view, and everything that a bad one does to who reads it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from random import Random

import cv2
import numpy as np

from tests.capture.rtsp_server import TS_PACKETS
from tests.shared import Image, pictures_of
from tests.system.soak.camera import Camera

FPS = 10
SIZE, LARGE = (640, 480), (960, 720)
VISIT = slice(10, 86, 2)
"""Somebody comes, pauses and goes, in the demo's clip; twice as fast as there."""
PERSON = 48
"""A picture of it with the person in the middle."""


def streams(clip: Path, folder: Path) -> dict[str, Path]:
    """What the camera can show, each a stretch of its own that begins with a keyframe."""
    frames = pictures_of(clip)
    empty, still = frames[0], frames[PERSON]
    shown = {
        "empty": [empty] * 15,
        "visit": frames[VISIT],
        "large": [cv2.resize(frame, LARGE) for frame in frames[VISIT]],
        "black": [np.zeros_like(empty)] * 25,
        "frozen": [still] * 25,
    }
    return {name: _written(folder / f"{name}.ts", pictures) for name, pictures in shown.items()}


def _written(path: Path, pictures: list[Image]) -> Path:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mpg2"), FPS, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


class Misbehaving(Camera):
    """Shows people one after the other, and what is put into `next_up` in between.

    `hung`, `away`: as `Camera`. `cut`: the connection ends in the middle of a packet. `damaging`,
    `garbage`: bytes are changed, or are no video at all. `shown` counts appearances of people, from
    the first packet on; one that is damaged on the way may look like two. `whole`: those of them
    that were sent to the end, undamaged.
    """

    def __init__(self, held: Mapping[str, Path], seed: int) -> None:
        self.cut, self.damaging, self.garbage = (threading.Event() for _ in range(3))
        self.next_up: deque[str] = deque()
        self.shown = self.whole = 0
        self._stretches = {name: path.read_bytes() for name, path in held.items()}
        self._random = Random(seed)
        super().__init__(held["empty"], 1.0)

    def _play(self, client: socket.socket) -> None:
        index = 0
        while True:
            for name in ("empty", self.next_up.popleft() if self.next_up else "visit"):
                person = name in ("visit", "large", "frozen")
                self.shown += person
                damaged_before = self.damaging.is_set()
                sent = self._stretch(client, name, index)
                if sent is None:
                    return
                index += sent
                damaged = damaged_before or self.damaging.is_set()
                self.shown += person and damaged
                self.whole += name == "visit" and not damaged

    def _stretch(self, client: socket.socket, name: str, index: int) -> int | None:
        """Send one at its own pace; the number of packets, None where the connection is over."""
        content = self._stretches[name]
        packets = [content[at : at + TS_PACKETS] for at in range(0, len(content), TS_PACKETS)]
        lasts_s = {"empty": 1.5, "visit": 3.8, "large": 3.8}.get(name, 2.5)
        due_s = time.monotonic()
        for number, packet in enumerate(packets):
            if self.cut.is_set():
                self.cut.clear()
                client.sendall(b"$\0" + struct.pack(">H", len(packet) + 12) + packet[:500])
                return None
            self._send(client, index + number, self._spoilt(packet))
            due_s = max(due_s + lasts_s / len(packets), time.monotonic() - 1)
            while (early_s := due_s - time.monotonic()) > 0 or self.hung.is_set():
                if self._stopping.wait(min(max(early_s, 0.01), 0.1)) or self.away.is_set():
                    return None
        return len(packets)

    def _spoilt(self, packet: bytes) -> bytes:
        if self.garbage.is_set():
            return self._random.randbytes(len(packet))
        if not self.damaging.is_set() or self._random.random() > 0.15:
            return packet
        bad = bytearray(packet)
        for _ in range(self._random.randint(1, 30)):
            bad[self._random.randrange(len(bad))] = self._random.randrange(256)
        return bytes(bad)
