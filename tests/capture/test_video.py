"""A video file, frame by frame."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from edge.config import tables as config
from edge.errors import SourceError
from edge.runtime.capture import open_source
from edge.runtime.capture.container import declared_size
from edge.runtime.capture.decoded import Decoded
from edge.runtime.capture.decoder import Shape
from edge.runtime.capture.view import View
from tests.capture.footage import CLIPS, CODECS, cut, index_of, read_all, write_clip
from tests.capture.recordings import needs_ffmpeg


def opened(path: Path, **settings: object):
    return open_source(config.Source(uri=str(path), **settings))


@pytest.mark.parametrize("suffix", CODECS)
def test_every_frame_is_given_once_in_order_with_its_media_time(tmp_path: Path, suffix: str):
    """Thirty frames at ten a second are thirty frames at 0.0, 0.1, …, 2.9 s."""
    with opened(write_clip(tmp_path / f"clip{suffix}")) as source:
        assert not source.live
        frames = read_all(source)
    assert [frame.sequence for frame in frames] == list(range(30))
    assert [index_of(frame.full()) for frame in frames] == pytest.approx(list(range(30)), abs=1)
    assert [frame.captured_s for frame in frames] == pytest.approx(np.arange(30) / 10, abs=1e-3)


@pytest.mark.parametrize(
    ("size", "small_width_px", "small"),
    [
        ((320, 240), 640, (240, 320)),
        ((640, 480), 640, (480, 640)),
        ((640, 480), 320, (240, 320)),
        ((640, 360), 384, (216, 384)),
    ],
)
def test_the_small_frame_is_never_enlarged_and_keeps_its_proportions(
    tmp_path: Path, size: tuple[int, int], small_width_px: int, small: tuple[int, int]
):
    """`small` is at most small_width_px wide; `full()` is the picture as recorded."""
    clip = write_clip(tmp_path / "clip.avi", frames=2, size=size)
    with opened(clip, small_width_px=small_width_px) as source:
        frame = source.read()
    assert frame is not None
    assert frame.small.shape == (*small, 3)
    assert frame.small.dtype == np.uint8
    assert frame.full().shape == (size[1], size[0], 3)
    assert (frame.full_width, frame.full_height) == size


def test_colours_are_bgr(tmp_path: Path):
    """The blue corner of the test picture is blue in the first channel."""
    with opened(write_clip(tmp_path / "clip.avi", frames=1)) as source:
        frame = source.read()
    assert frame is not None
    blue, green, red = frame.full()[20, 20]
    assert blue > 200
    assert max(green, red) < 60


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="FFmpeg takes a thread for each core")
def test_a_picture_is_converted_without_further_threads():
    """They would be started anew for each, and the cores of a device are for its networks."""
    picture = av.VideoFrame(640, 480, "bgra")  # keeps its converter, and that its threads
    threads = Path("/proc/self/task")
    before = set(threads.iterdir())
    Decoded(picture, Shape(640, 480, 0), View(config.Source()), 320)
    assert set(threads.iterdir()) == before


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".webm"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_cut_file_gives_its_frames_and_then_says_so(tmp_path: Path, suffix: str, share: float):
    """What is left of a cut file is played; then one sentence says that the file ended early."""
    short = cut(write_clip(tmp_path / f"clip{suffix}"), share)
    indices = []
    with opened(short) as source, pytest.raises(SourceError, match="ended early") as error:
        while (frame := source.read()) is not None:
            indices.append(index_of(frame.full()))
    assert len(indices) in range(int(30 * share) - 4, int(30 * share) + 3)
    assert indices == sorted(indices)
    assert str(short) in str(error.value)
    assert f"{len(indices)} frames" in str(error.value)


def test_a_cut_mp4_without_its_index_says_so_at_once(tmp_path: Path):
    """Without the index at its end an MP4 file gives nothing; the sentence names the loss."""
    short = cut(write_clip(tmp_path / "clip.mp4"), 0.8)
    with pytest.raises(SourceError, match=r"ended early: it has .* of at least .* bytes"):
        opened(short)


def test_a_file_overwritten_in_its_middle_is_called_damaged(tmp_path: Path):
    """A file of full length of which less than nine tenths can be decoded is an error, too."""
    clip = write_clip(tmp_path / "clip.mp4", frames=50)
    content = bytearray(clip.read_bytes())
    first, last = content.index(b"mdat") + 4, content.index(b"moov") - 4
    middle = (first + last) // 2
    content[middle:last] = bytes(last - middle)
    clip.write_bytes(content)
    with opened(clip) as source, pytest.raises(SourceError, match=r"damaged: \d+ of about 50"):
        read_all(source)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("second", "wanted"),
    [("480x360", (640, 480)), ("1280x960", (1280, 960)), ("640x360", (640, 360))],
)
def test_another_resolution_amid_a_video_moves_nobody(
    tmp_path: Path, second: str, wanted: tuple[int, int]
):
    """The same scene made smaller keeps its size; what is larger, or another view, is as it is."""
    path = tmp_path / "both.ts"
    for size in ("640x480", second):
        made = f"testsrc2=size={size}:rate=10:duration=1"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", made, "-c:v", "libx264", "-f",
                   "mpegts", "-"]  # fmt: skip
        with path.open("ab") as file:
            file.write(subprocess.run(command, check=True, capture_output=True).stdout)
    with open_source(config.Source(uri=str(path))) as source:
        frames = list(iter(source.read, None))
        sizes = [(frame.full_width, frame.full_height) for frame in frames]
        assert sizes == [(640, 480)] * 10 + [wanted] * 10
        assert frames[-1].full().shape == (*wanted[::-1], 3)


def test_repeats_continue_the_time(tmp_path: Path):
    """A clip played three times is one recording of three times the length."""
    with opened(write_clip(tmp_path / "clip.avi", frames=5), repeat=3) as source:
        frames = read_all(source)
    assert [frame.sequence for frame in frames] == list(range(15))
    assert [frame.captured_s for frame in frames] == pytest.approx(np.arange(15) / 10, abs=1e-3)


def test_a_closed_source_gives_nothing_more(tmp_path: Path):
    """After `close`, `read` says that it is over; closing again does nothing."""
    source = opened(write_clip(tmp_path / "clip.avi"))
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def _text(path: Path) -> None:
    path.write_text("not a film\n" * 100)


def _noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(50_000))


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("none.mp4", lambda path: None, "there is no file or folder"),
        ("empty.mp4", lambda path: path.touch(), "is an empty file"),
        ("text.mp4", _text, "is a text, no video that can be read"),
        ("noise.mkv", _noise, "is no video that can be read"),
        ("list.m3u8", _playlist, "is a text, no video that can be read"),
        ("picture.jpg", _noise, "is a picture, not a video: give the folder"),
        ("pipe.mp4", os.mkfifo, "is neither a file nor a folder"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path: Path, name, make, sentence: str):
    """Each kind of wrong file is named for what it is, when it is opened."""
    path = tmp_path / name
    make(path)
    with pytest.raises(SourceError, match=sentence) as error:
        opened(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The system's reason is part of the sentence (tests may run as root, who may read all)."""

    def denied(*_: object, **__: object):
        raise PermissionError(13, "Permission denied")

    clip = write_clip(tmp_path / "clip.avi", frames=2)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        opened(clip)


def test_decoders_stay_silent(tmp_path: Path):
    """A damaged file puts nothing on stdout or stderr; the error's sentence says it all."""
    short = cut(write_clip(tmp_path / "clip.mkv"), 0.5)
    # A process of its own: FFmpeg reads how loud it may be when it is first used.
    code = (
        "import sys\n"
        "from tests.capture.test_video import opened, read_all\n"
        "try: read_all(opened(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENCV")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(short)],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("SourceError\n", "")


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".mp4", ".mov", ".webm"])
def test_a_whole_file_is_as_long_as_it_says(tmp_path: Path, suffix: str):
    """For a container with sizes, those add up to the file."""
    clip = write_clip(tmp_path / f"clip{suffix}")
    assert declared_size(clip) == clip.stat().st_size


def test_an_avi_of_several_parts_is_followed_to_its_end(tmp_path: Path):
    """Large AVI files are a row of RIFF lists; one whose last part is cut is too short."""
    clip = write_clip(tmp_path / "clip.avi")
    part = b"RIFF" + struct.pack("<I", 104) + b"AVIX" + bytes(100)
    clip.write_bytes(clip.read_bytes() + part)
    assert declared_size(clip) == clip.stat().st_size
    clip.write_bytes(clip.read_bytes()[:-50])
    assert declared_size(clip) == clip.stat().st_size + 50


@pytest.mark.skipif(not CLIPS.is_dir(), reason=f"needs the sample clips in {CLIPS}")
@pytest.mark.parametrize(
    ("name", "count", "last_s"),
    [
        ("face-demographics-walking.gif", 35, 2.83),
        ("head-pose-face-detection-female.gif", 23, 1.83),
        ("head-pose-face-detection-male.gif", 62, 5.08),
        ("car-detection.gif", 62, 5.08),
        ("book.mkv", 109, 3.6),
        ("again.mkv", 77, 2.534),
        ("bird.mkv", 63, 2.067),
    ],
)
def test_real_clips_play_to_their_end_without_complaint(name: str, count: int, last_s: float):
    """Frame counts in headers are estimates (book.mkv says 110): a whole file is no error."""
    with opened(CLIPS / name) as source:
        frames = read_all(source)
    assert len(frames) == count
    assert frames[-1].captured_s == pytest.approx(last_s)


@pytest.mark.skipif(not CLIPS.is_dir(), reason=f"needs the sample clips in {CLIPS}")
@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_a_cut_gif_is_told_from_a_whole_one(tmp_path: Path, share: float):
    """A GIF says nothing about its length; its missing trailer gives it away."""
    clip = tmp_path / "walking.gif"
    shutil.copy(CLIPS / "face-demographics-walking.gif", clip)
    assert declared_size(clip) == clip.stat().st_size
    with opened(cut(clip, share)) as source, pytest.raises(SourceError, match="ended early"):
        read_all(source)
