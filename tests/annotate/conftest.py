"""Pictures and short films with a face in them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from converters.footage import portrait
from tests.annotate.web import serving
from tests.shared import Image

CODECS = {".mp4": "mp4v", ".mkv": "mp4v", ".ts": "mpg2"}
FPS = 10


@pytest.fixture(scope="session")
def people() -> list[Image]:
    """Ten pictures of one person who moves to the right."""
    figure = cv2.resize(portrait(), (320, 320), interpolation=cv2.INTER_AREA)
    pictures = [np.full((480, 640, 3), 120, np.uint8) for _ in range(10)]
    for number, picture in enumerate(pictures):
        picture[160:, 100 + 10 * number : 420 + 10 * number] = figure
    return pictures


@pytest.fixture(scope="session")
def films(people, tmp_path_factory) -> Path:
    """A folder with the same short film in several containers, a picture, and a playlist."""
    folder = tmp_path_factory.mktemp("films")
    for suffix in CODECS:
        write_film(folder / f"film{suffix}", people)
    cv2.imwrite(str(folder / "face.png"), people[0])
    playlist, part = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n", "#EXTINF:1.0,\nfilm.ts\n"
    (folder / "film.m3u8").write_text(playlist + part + "#EXT-X-ENDLIST\n")
    (folder / "live.m3u8").write_text(playlist + 12 * part)
    return folder


@pytest.fixture
def web(films):
    """The films' address on a loopback server."""
    with serving(films) as address:
        yield address


def write_film(path: Path, pictures: list[Image]) -> None:
    """A film in the container that the suffix names."""
    size = (pictures[0].shape[1], pictures[0].shape[0])
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODECS[path.suffix]), FPS, size)
    assert writer.isOpened()
    for picture in pictures:
        writer.write(np.asarray(picture, np.uint8))
    writer.release()


SPECIAL = {
    "interlaced": ["-vf", "fps=20,tinterlace=interleave_top,setfield=tff", "-flags",
                   "+ilme+ildct", "-x264opts", "tff=1"],
    "wide pixels": ["-vf", "scale=320:480,setsar=2"],
}  # fmt: skip


STREAMED = "-movflags", "+faststart"
"""What a server that can't jump needs."""


def make_special(film: Path, target: Path, change: str) -> None:
    """A film as recorders and telephones write them; FFmpeg's command makes it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed (apt install ffmpeg)")
    options = [*SPECIAL.get(change, ["-vf", "transpose=1"]), "-c:v", "libx264", "-crf", "12"]
    ffmpeg("-i", film, *options, *STREAMED, target)
    if change == "turned":  # the pictures lie on their side, and the file says so
        lying = target.with_name("lying.mp4")
        target.rename(lying)
        ffmpeg("-i", lying, "-c", "copy", "-metadata:s:v", "rotate=90", *STREAMED, target)


def ffmpeg(*arguments: object) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
