"""`agender-convert annotate`: files in, files with boxes and labels out."""

from __future__ import annotations

import resource
import shlex
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from converters.annotate.draw import COLOURS, Seen, drawn, label_of
from converters.annotate.inference import open_reader
from converters.cli import main
from edge.progress import Pace
from edge.runtime.frame import Box, Estimate, Face
from tests.annotate.conftest import write_film
from tests.shared import MODELS, frame_of, pictures_of

COMMAND = [sys.executable, "-m", "converters.cli", "annotate"]


def annotate(*arguments):
    """Run the verb in this process; its status."""
    return main(["annotate", *map(str, arguments)])


@pytest.mark.parametrize(
    ("track", "estimate", "label"),
    [
        (None, Estimate(34.4, 0.91), "woman 91 %, 34 years"),
        (3, Estimate(34.4, 0.09), "#3 man 91 %, 34 years"),
        (None, Estimate(8.0, 0.55), "unknown (woman 55 %), 8 years"),
        (None, Estimate(None, 0.2), "man 80 %"),
        (None, Estimate(71.6, None), "72 years"),
        (7, Estimate(None, None), "#7 face 87 %"),
    ],
)
def test_a_label_says_all_that_is_known(track, estimate, label):
    """Track, gender with its confidence, age; doubt where the card does not believe a gender."""
    face = Face(Box(0, 0, 10, 10), 0.87)
    assert label_of(Seen(face, estimate, track), 0.6) == label


@pytest.mark.parametrize("box", [Box(-20, -20, 60, 60), Box(280, 200, 60, 60), Box(0, 0, 320, 240)])
def test_faces_at_the_edge_are_drawn_without_harm(box):
    """A box that reaches past the picture leaves its size alone."""
    picture = np.zeros((240, 320, 3), np.uint8)
    canvas = drawn(picture, [Seen(Face(box, 0.9), Estimate(30.0, 0.9))], 0.6)
    assert canvas.shape == (480, 640, 3)
    assert canvas.any()
    assert not picture.any()


def test_the_box_lies_where_the_device_finds_the_face(films, people, tmp_path):
    """A picture's copy bears a box in the colour of the answer at the detector's own place."""
    assert annotate(films / "face.png", tmp_path / "seen.png") == 0
    seen = cv2.imread(str(tmp_path / "seen.png"))
    reader = open_reader([], ("agender_64",), "far", MODELS, tracks=False)
    (found,) = reader.read(frame_of(people[0]))
    box = found.face.box
    y = round(box.centre.y)
    # The label may cover the box's upper edge, hence the middle of its left and right edges.
    for x in (round(box.left), round(box.right)):
        assert tuple(seen[y, x]) in COLOURS.values()
    outside = np.ones(seen.shape[:2], bool)
    outside[:, max(round(box.left) - 5, 0) : round(box.left) + 330] = False
    assert (seen[outside] == people[0][outside]).all()


def test_a_video_becomes_a_video(films, tmp_path, capsys):
    """Every second frame, at half the rate, with one face each."""
    out = tmp_path / "new folder" / "seen.mp4"
    assert annotate(films / "film.mp4", out, "--every", 2, "--tracks") == 0
    capture = cv2.VideoCapture(str(out))
    assert capture.get(cv2.CAP_PROP_FPS) == 5
    assert len(pictures_of(out)) == 5
    assert capsys.readouterr().out == f"{out}: 5 frames, 5 faces, 0 frames without one\n"
    assert [path.name for path in out.parent.iterdir()] == ["seen.mp4"]


@pytest.mark.parametrize("suffix", [".mkv", ".avi", ".webm"])
def test_other_containers_are_written_too(films, tmp_path, suffix):
    """Each can be read again, all frames in it."""
    out = tmp_path / f"seen{suffix}"
    assert annotate(films / "film.mp4", out, "--limit", 3) == 0
    assert len(pictures_of(out)) == 3


def test_a_video_becomes_a_sheet(films, tmp_path):
    """Six frames of a video as one picture of two rows."""
    assert annotate(films / "film.mp4", tmp_path / "sheet.png", "--limit", 6) == 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (2 * 480, 4 * 640, 3)


def test_a_folder_of_pictures_becomes_a_video(people, tmp_path, caplog):
    """Pictures of any shape, a second each; what cannot be read is named and left out."""
    folder = tmp_path / "faces"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), people[0])
    cv2.imwrite(str(folder / "2.png"), people[1][:400])
    (folder / "3.png").write_bytes(b"no picture")
    assert annotate(folder, tmp_path / "seen.mp4") == 0
    shapes = [picture.shape for picture in pictures_of(tmp_path / "seen.mp4")]
    assert shapes == [(480, 640, 3)] * 2
    assert "3.png cannot be read" in caplog.text


def test_a_cut_video_says_how_much_could_be_read(films, tmp_path, capsys):
    """What could be read is in OUT; the rest is told, and the status says so."""
    content = (films / "film.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) * 9 // 10])
    assert annotate(tmp_path / "cut.mkv", tmp_path / "seen.mp4") == 3
    said = capsys.readouterr()
    frames = len(pictures_of(tmp_path / "seen.mp4"))
    assert 0 < frames < 10
    assert f"{frames} frames could be decoded" in said.err
    assert f"seen.mp4: {frames} frames" in said.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("{films}/film.mp4", "seen.txt"), "right are .mp4"),
        (("{films}/film.mp4", "seen"), "right are .mp4"),
        (("{films}/film.mp4", "{here}"), "right are .mp4"),
        (("{films}/film.mp4", "{here}/old.png"), "exists: choose another name, or --force"),
        (("{films}/film.mp4", "{films}/film.mp4", "--force"), "OUT is SOURCE itself"),
        (("{films}/film.mp4", "{here}/x.mp4", "--every", "0"), "--every is 0, must be 1 or more"),
        (("{films}/film.mp4", "{here}/x.mp4", "--limit", "-1"), "--limit is -1, must be 1 or more"),
        (("{films}/face.png", "{here}/x.mp4"), "a picture gives a picture: name OUT x.png"),
        (("{here}/nothing.mp4", "{here}/x.mp4"), "there is no file or folder"),
        (("{here}/text.mp4", "{here}/x.mp4"), "is a text, no video"),
        (("{here}/bad.png", "{here}/x.png"), "is no readable picture"),
        (("ftp://host/film.mp4", "{here}/x.mp4"), "right are http, https, rtsp, rtsps"),
        (("/dev/video0", "{here}/x.mp4"), "is a camera"),
        (("{films}/film.mp4", "{here}/text.mp4/x.mp4"), "cannot write"),
        (("{films}/film.mp4", "{here}/x.mp4", "--detector", "none"), "there is no model 'none'"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(films, tmp_path, capsys, arguments, sentence):
    """And nothing is written or changed."""
    (tmp_path / "old.png").write_bytes(b"old")
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n")
    before = sorted(tmp_path.iterdir())
    filled = [text.format(films=films, here=tmp_path) for text in arguments]
    assert annotate(*filled) != 0
    said = capsys.readouterr().err.removeprefix("INFO: Created TensorFlow Lite XNNPACK delegate")
    assert sentence in said
    assert said.strip().count("\n") <= 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "old.png").read_bytes() == b"old"


def test_force_overwrites(films, tmp_path):
    """With --force the old file is replaced."""
    (tmp_path / "old.png").write_bytes(b"old")
    assert annotate(films / "face.png", tmp_path / "old.png", "--force") == 0
    assert cv2.imread(str(tmp_path / "old.png")) is not None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing(people, tmp_path_factory, tmp_path, number):
    """Neither OUT nor its beginning, no traceback, and the old OUT as it was."""
    film = tmp_path_factory.mktemp("long") / "film.mp4"
    write_film(film, people * 15)
    out = tmp_path / "seen.avi"
    out.write_bytes(b"old")
    process = subprocess.Popen([*COMMAND, film, out, "--force"], stderr=subprocess.PIPE, text=True)
    until_s = time.monotonic() + 30
    while not (tmp_path / ".seen.part.avi").exists() and time.monotonic() < until_s:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["seen.avi"]
    assert out.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["seen.mp4", "seen.avi", "seen.png"])
def test_a_full_disk_is_noticed(films, tmp_path, name):
    """Where the file may not grow as large as it must, it is refused and nothing stays."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [*COMMAND, films / "film.mp4", tmp_path / name], preexec_fn=small, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "agender-convert: " in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


READ_ONLY = "mount -t tmpfs -o ro tmpfs {folder} && exec {command}"


@pytest.mark.parametrize("name", ["seen.mp4", "seen.png", "new/seen.png", "a" * 300 + ".png"])
def test_a_place_that_cannot_be_written_is_told_in_one_sentence(films, tmp_path, name):
    """A read-only file system, however deep, and a name that no file can have."""
    command = shlex.join(map(str, [*COMMAND, films / "film.mp4", tmp_path / name]))
    script = READ_ONLY.format(folder=shlex.quote(str(tmp_path)), command=command)
    alone = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a file system of his own")
    done = subprocess.run([*alone, "sh", "-c", script], text=True, capture_output=True,
                          timeout=60, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / name) in done.stderr.splitlines()[-1]


def test_the_time_left_follows_the_pace():
    """Ten of a hundred in 40 s: six minutes to go."""
    now_s = [0.0]
    pace = Pace(100, "frames", lambda: now_s[0])
    now_s[0] = 40.0
    assert pace.left(10) == "6:00 left"
    assert pace.left(1) == "1:06:00 left"
    assert pace.left(0) == ""
