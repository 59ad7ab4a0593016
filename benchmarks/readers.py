"""Arm instructions per second of a stream for each way to read it, and the memory it takes.

    python -m benchmarks.readers RECORDING [H.265 2160 …]

The recording is encoded anew as a network camera would send it: 25 pictures a second, H.264 and
H.265, 720, 1080 and 2160 lines, a keyframe every two seconds, each picture a reference of the next.
Then it is read at 10 pictures a second on an emulated Raspberry Pi 4; memory is that of the same
reading on this machine. Further words name the codecs and numbers of lines to be tried alone.
Enlarged, a recording has less detail than a camera's own picture, and so costs somewhat less.
Needs ffmpeg.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from converters.profile import machine
from edge.runtime.capture.opencv import hush

ROOT = Path(__file__).resolve().parent.parent
GUEST = Path(__file__).with_name("readers_guest.py")
PYAV = "av==18.1.0"
READERS = ("opencv", "opencv-grab", "ours", "ours-small")
SECONDS, CAMERA_FPS, FPS = 4, 25, 10
LINES = (720, 1080, 2160)
MARK = "instructions "
ENCODERS = {
    "H.264": ("libx264",),
    "H.265": ("libx265", "-x265-params", "log-level=none:bframes=0"),
}


def main(source: str, *chosen: str) -> int:
    """Print a table; `chosen`: codecs and numbers of lines, of each all where none is named."""
    hush()
    emulated = machine.build()
    with tempfile.TemporaryDirectory() as folder:
        wheels = pyav_for_arm(Path(folder))
        for name, path in streams(source, Path(folder), chosen):
            for reader in READERS:
                given = [str(GUEST), reader, str(path), str(FPS), str(CAMERA_FPS)]
                lines = emulated.run(machine.PROCESSORS[0], given, [ROOT, wheels]).splitlines()
                counts = [int(x.removeprefix(MARK)) for x in lines if x.startswith(MARK)]
                millions = (counts[-1] - counts[0]) / SECONDS / 1e6
                peak = here(given)
                print(f"{name:12} {reader:12} {millions:7.0f} M a second; {peak}", flush=True)
    return 0


def here(given: list[str]) -> str:
    """Pictures and peak memory of the same reading on this machine: an emulator has its own."""
    done = subprocess.run(
        [sys.executable, *given], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stderr.strip().splitlines()[-1]


def streams(source: str, folder: Path, chosen: Sequence[str] = ()) -> Iterator[tuple[str, Path]]:
    """What a camera would send of the recording."""
    codecs = [codec for codec in ENCODERS if codec in chosen] or list(ENCODERS)
    sizes = [lines for lines in LINES if str(lines) in chosen] or LINES
    for codec, lines in product(codecs, sizes):
        path = folder / f"{codec}-{lines}.mkv"
        command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", source, "-an",
                   "-t", str(SECONDS), "-vf", f"scale=-2:{lines},fps={CAMERA_FPS}",
                   "-pix_fmt", "yuv420p", "-c:v", *ENCODERS[codec], "-preset", "fast", "-bf", "0",
                   "-g", "50", str(path)]  # fmt: skip
        subprocess.run(command, check=True)
        yield f"{codec} {lines}", path


def pyav_for_arm(folder: Path) -> Path:
    """The wheel, unpacked."""
    target = folder / "pyav"
    platforms = [part for name in machine.PLATFORMS for part in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target",
               str(target), "--only-binary=:all:", "--python-version", machine.PYTHON, *platforms,
               PYAV]  # fmt: skip
    subprocess.run(command, check=True)
    return target


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
