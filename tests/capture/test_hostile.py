"""Names and files that were made, or broke, to do harm: one sentence, in little time and memory."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.capture.container import declared_size
from tests.capture.footage import picture, read_all, write_clip
from tests.capture.recordings import CODECS, Recording, needs_ffmpeg, write
from tests.shared import ROOT

MEMORY_MB = 300

READER = """
import sys
from pathlib import Path
from edge.config import tables as config
from edge.errors import UserError
from edge.runtime.capture import open_source
for path in sys.argv[1:]:
    frames = 0
    try:
        with open_source(config.Source(uri=path)) as source:
            while (frame := source.read()) is not None:
                frame.develop()
                frame.full()
                frames += 1
        said = "whole"
    except UserError as error:
        said = "sentence"
    status = Path("/proc/self/status").read_text().split()
    print(frames, said, int(status[status.index("VmHWM:") + 1]) // 1024)
"""


def read_apart(paths: list[Path], timeout_s: float) -> list[tuple[int, str, int]]:
    """Frames, how it ended and peak memory in MB, read in a process of their own."""
    command = [sys.executable, "-c", READER, *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, (paths, done.stderr[-500:])
    assert b"Traceback" not in done.stderr
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    return [(int(frames), said, int(peak)) for frames, said, peak in rows]


@pytest.mark.parametrize(
    "name", [b"12:30:00.avi", b"my video.avi", b"caf\xe9.avi", b"50%.avi", b"a%20b.avi", b"-.avi"]
)
def test_a_file_may_have_any_name(tmp_path: Path, name: bytes):
    """Colons, blanks, percent signs and bytes that are no UTF-8 are parts of a name like others."""
    clip = write_clip(tmp_path / "clip.avi", frames=3)
    named = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118 - bytes
    clip.rename(named)
    for uri in (str(named), f"file://{named}"):
        with open_source(config.Source(uri=uri)) as source:
            assert len(read_all(source)) == 3


@pytest.mark.parametrize("written", ["my%20video.avi", "caf%E9.avi", "%31.avi"])
def test_a_file_address_may_be_escaped(tmp_path: Path, written: str):
    """file:///…/my%20video.avi is what a browser makes of a blank."""
    name = {"my%20video.avi": b"my video.avi", "caf%E9.avi": b"caf\xe9.avi", "%31.avi": b"1.avi"}
    clip = write_clip(tmp_path / "clip.avi", frames=3)
    clip.rename(tmp_path / os.fsdecode(name[written]))
    with open_source(config.Source(uri=f"file://{tmp_path}/{written}")) as source:
        assert len(read_all(source)) == 3


def test_a_name_that_is_no_utf_8_reaches_vision_from_the_command_line(tmp_path: Path):
    """Its windows come out, and where it is missing a sentence does."""
    folder = os.fsencode(tmp_path)
    write_clip(tmp_path / "clip.avi", frames=3).rename(tmp_path / os.fsdecode(b"caf\xe9.avi"))
    for name, status in ((b"caf\xe9.avi", 0), (b"th\xe9.avi", 3)):
        command = [sys.executable, "-m", "edge", "run", "--sink", "stdout", "--until-end",
                   "--source", folder + b"/" + name]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
        assert done.returncode == status, done.stderr
        assert b"Traceback" not in done.stderr


def test_a_pipe_in_a_folder_is_left_out(tmp_path: Path):
    """A FIFO that is named like a picture keeps nobody waiting."""
    write_clip(tmp_path / "clip.avi", frames=1)
    os.mkfifo(tmp_path / "live.jpg")
    cv2.imwrite(str(tmp_path / "b.png"), picture(1))
    with open_source(config.Source(uri=str(tmp_path))) as source:
        assert len(read_all(source)) == 1


def test_a_size_beyond_all_files_is_no_traceback(tmp_path: Path):
    """A Matroska segment, a box or a list may claim any size."""
    hostile = {
        "a.mkv": bytes.fromhex("1a45dfa3 01fffffffffffffe") + bytes(500),
        "b.mkv": bytes.fromhex("1a45dfa3 80 18538067 01fffffffffffffe") + bytes(500),
        "c.mp4": struct.pack(">I4sQ", 1, b"ftyp", 2**64 - 1) + bytes(500),
        "d.mp4": struct.pack(">I4s", 8, b"free") * 50_000,
        "e.gif": b"GIF89a" + bytes(7) + b"!\xfe\x01\x01\x00" * 50_000,
    }
    for name, content in hostile.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert declared_size(path) is None
        with pytest.raises(SourceError, match="is no video that can be read"):
            open_source(config.Source(uri=str(path)))


def test_a_picture_too_large_to_hold_is_left_out(tmp_path: Path):
    """A PNG of 20,000 × 20,000 is a megabyte on the disk and 1.2 GB in memory."""
    side = 20_000
    press = zlib.compressobj()
    row = bytes(3 * side + 1)
    pixels = b"".join(press.compress(row) for _ in range(side)) + press.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")]
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    cv2.imwrite(str(tmp_path / "b.png"), picture(1))
    ((frames, _, peak_mb),) = read_apart([tmp_path], 60)
    assert frames == 1
    assert peak_mb < MEMORY_MB


@needs_ffmpeg
@pytest.mark.parametrize("jump_s", [7_200, -7_200, 24_000_000])
def test_a_jump_in_time_is_left_out(tmp_path: Path, jump_s: int):
    """What is stamped hours later was not hours of seeing nothing: time goes on by one frame."""
    moved = ("-bsf:v", f"setts=ts=TS+gte(N\\,20)*{jump_s}/TB", "-output_ts_offset", "7200")
    path = write(Recording("ffv1", "yuv420p", arguments=moved), tmp_path)
    with open_source(config.Source(uri=str(path))) as source:
        stamps = [frame.captured_s for frame in read_all(source)]
    assert len(stamps) == 40
    assert stamps[-1] == pytest.approx(39 / 25, abs=0.2)


def mutated(random_: random.Random, content: bytes) -> bytes:
    """A copy with bytes changed, zeroed, cut, repeated or inserted, or sizes made huge."""
    data = bytearray(content)
    at = random_.randrange(len(data))
    many = random_.randrange(1, 3_000)
    how = random_.choice(("bytes", "head", "zeros", "cut", "twice", "noise", "sizes"))
    if how == "bytes":
        for _ in range(random_.choice((1, 5, 50, 500))):
            data[random_.randrange(len(data))] = random_.randrange(256)
    elif how == "head":
        for _ in range(20):
            data[random_.randrange(min(len(data), 600))] = random_.randrange(256)
    elif how == "zeros":
        data[at : at + many] = bytes(many)
    elif how == "cut":
        del data[max(at, 1) :]
    elif how == "twice":
        data[at:at] = data[at : at + many]
    elif how == "noise":
        data[at:at] = random_.randbytes(many)
    else:
        for _ in range(3):
            at = random_.randrange(max(len(data) - 4, 1))
            data[at : at + 4] = random_.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\x27\x10"))
    return bytes(data)


def seeds(folder: Path) -> list[Path]:
    """A whole file of every codec, and pictures of every kind, each in a folder of its own."""
    found = [write(Recording(codec, "yuvj420p" if codec == "mjpeg" else "yuv420p"), folder)
             for codec in CODECS]  # fmt: skip
    for suffix in ("png", "jpg", "bmp", "webp", "tiff", "jp2"):
        path = folder / f"seed.{suffix}"
        cv2.imwrite(str(path), picture(30))
        found.append(path)
    return found


PICTURES = (".png", ".jpg", ".bmp", ".webp", ".tiff", ".jp2")


@pytest.mark.slow
@needs_ffmpeg
def test_500_mutated_files_end_in_frames_or_a_sentence(tmp_path: Path):
    """None crashes the process, hangs it, or takes more than 300 MB of it."""
    random_ = random.Random(16)
    sources = seeds(tmp_path)
    paths = []
    for number in range(500):
        source = random_.choice(sources)
        path = tmp_path / str(number)
        if source.suffix in PICTURES:
            path.mkdir()
            (path / source.name).write_bytes(mutated(random_, source.read_bytes()))
        else:
            path = path.with_suffix(source.suffix)
            path.write_bytes(mutated(random_, source.read_bytes()))
        paths.append(path)
    for start in range(0, len(paths), 50):
        rows = read_apart(paths[start : start + 50], 300)
        assert len(rows) == 50
        assert max(peak_mb for _, _, peak_mb in rows) < MEMORY_MB
