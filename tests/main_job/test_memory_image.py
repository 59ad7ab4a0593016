"""An image of each process' memory, as root takes it: who holds pixels, and who secrets."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.main_job.program import children_of, start, wait_for
from tests.publish.guarded import SECRET, guarded_broker
from tests.publish.support import end_all

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to read others' memory"),
]
PICTURES = np.random.default_rng(15).integers(0, 256, (8, 480, 640, 3), np.uint8)
SMALL = [cv2.resize(picture, (320, 240), interpolation=cv2.INTER_AREA) for picture in PICTURES]
PIECES = [
    picture[row].tobytes()[:96] for picture in (*PICTURES, *SMALL) for row in range(20, 220, 20)
]
"""Of rows of pixels; no other memory holds so many bytes of noise by chance."""
WINDOWS = 3


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Mapping[str, bytes]]:
    """Process → its memory, while it counts; the camera is a folder of pictures of noise."""
    folder = tmp_path / "camera"
    folder.mkdir()
    for number, picture in enumerate(PICTURES):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    broker, secret = guarded_broker(tmp_path), tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    process = start(
        "run", "--source", folder, "--site", "shop", "--device", "door", "--window-s", "1",
        "--broker", f"127.0.0.1:{broker.port}", "--state-dir", tmp_path / "state",
        "--set", f"paths.runtime={tmp_path / 'state'}", "--set", "mqtt.username=door",
        "--set", f"mqtt.password_file={secret}", "--set", "source.realtime=true",
        "--set", "source.repeat=100000", "--set", "privacy.k=1",
        stdout=(tmp_path / "out").open("w"), stderr=(tmp_path / "log").open("w"),
    )  # fmt: skip
    log = tmp_path / "log"
    try:
        wait_for(lambda: set(children_of(process)) >= {"vision", "publisher"}, "both")
        wait_for(lambda: "connected to" in log.read_text(), log.read_text())
        wait_for(lambda: windows(tmp_path / "state") >= WINDOWS, "windows", 60)
        numbers = {**children_of(process), "run": process.pid}
        # A picture is there for moments; that it is found then shows that the search can find.
        vision = wait_for(lambda: holding(numbers["vision"]), "a picture in vision's memory", 60)
        yield {name: memory(number) for name, number in numbers.items()} | {"vision": vision}
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        end_all()


def windows(state: Path) -> int:
    """How much was written: an outbox that grows is a device that counts."""
    files = [path for path in state.glob("history.sqlite3*") if path.is_file()]
    return sum(path.stat().st_size for path in files) // 4096


def memory(process: int) -> bytes:
    """All that a process can write to; what it has mapped of devices is none of it."""
    found = []
    with FileIO(f"/proc/{process}/mem") as file:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            if rights.startswith("rw") and "[v" not in line:
                first, last = (int(end, 16) for end in place.split("-"))
                found.append(read(file, first, last))
    return b"\0".join(found)


def read(file: FileIO, first: int, last: int) -> bytes:
    """A span of memory; up to where it was given back meanwhile."""
    file.seek(first)
    parts = []
    with suppress(OSError):
        while first < last and (part := file.read(last - first)):
            parts.append(part)
            first += len(part)
    return b"".join(parts)


def holding(process: int) -> bytes | None:
    """Its memory, where a picture is in it."""
    image = memory(process)
    return image if shown(image) else None


def shown(image: bytes) -> bool:
    """Whether a piece of one of the camera's pictures is in it: as it was, or made smaller."""
    return any(piece in image for piece in PIECES)


def test_vision_alone_holds_pixels_and_the_publisher_alone_the_password(
    images: Mapping[str, bytes],
) -> None:
    """The search finds what is there: each of the two in the one process that needs it."""
    assert {name: shown(image) for name, image in images.items()} == {
        "vision": True, "publisher": False, "run": False,
    }  # fmt: skip
    held = {name for name, image in images.items() if SECRET.encode() in image}
    assert held == {"publisher"}
