"""`agender-edge run`: real footage in, valid counts out, whatever ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import jsonschema
import pytest

from edge.messages.bands import AGE_BANDS
from edge.messages.counts import counts_schema
from tests.main_job.program import alive, children_of, run, start, wait_for, windows_of

VALID = jsonschema.Draft202012Validator(counts_schema())


def check(windows):
    """Each is valid by the published schema, adds up, and has the next number."""
    for number, window in enumerate(windows, 1):
        VALID.validate(window)
        assert window["seq"] == number
        people = window["people"]
        assert people == window["female"] + window["male"] + window["gender_unknown"]
        assert people == window["age_unknown"] + sum(window[f"age_{age}"] for age in AGE_BANDS)


@pytest.mark.parametrize(
    ("clip", "people"),
    [
        ("face-demographics-walking.gif", 2),
        ("again.mkv", 1),
        ("book.mkv", 1),
        ("bird.mkv", 1),
        ("head-pose-face-detection-female.gif", 1),
        ("head-pose-face-detection-male.gif", 1),
        ("car-detection.gif", 0),
    ],
)
def test_each_clip_gives_its_people_once(clips, clip, people):
    """Lines of standard output are counts and nothing else; nobody is counted twice or missed."""
    done = run("run", "--source", clips / clip, "--sink", "stdout", "--until-end")
    windows = windows_of(done.stdout)
    assert done.returncode == 0, done.stderr
    check(windows)
    assert sum(window["people"] for window in windows) == people


def test_two_visits_with_a_pause_between_are_two_people(demo_clip):
    """Someone who leaves and comes back is new, by design; the empty stretch shows nobody."""
    done = run("run", "--source", demo_clip, "--sink", "stdout", "--until-end", "--window-s", 5)
    windows = windows_of(done.stdout)
    check(windows)
    assert sum(window["people"] for window in windows) == 2
    assert sum(window["female"] for window in windows) == 2
    assert sum(window["observed_s"] for window in windows) == pytest.approx(23, abs=0.3)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("--source", "/nowhere/clip.mp4"), 3, "there is no file or folder /nowhere/clip"),
        (("--source", __file__), 3, "test_run.py"),
        (("--window-s", "0"), 2, "window.length_s = 0"),
        (("--config", "/nowhere.toml"), 2, "/nowhere.toml: cannot be read"),
        (("--source", "CLIP", "--detector", "fra"), 4, "there is no model 'fra'"),
        (("--source", "CLIP", "--models-dir", "/nowhere"), 4, "in /nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_and_a_status(demo_clip, arguments, status, sentence):
    """2: configuration, 3: source, 4: model; standard output stays empty, no traceback."""
    given = [demo_clip if argument == "CLIP" else argument for argument in arguments]
    done = run("run", *given, "--sink", "stdout", "--until-end")
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    [said] = [line for line in done.stderr.splitlines() if line.startswith("agender-edge: ")]
    assert sentence in said


def test_a_truncated_clip_gives_its_counts_first(demo_clip, tmp_path):
    """Half a file: the people in that half are counted and printed, then the status says so."""
    half = tmp_path / "half.avi"
    half.write_bytes(demo_clip.read_bytes()[: demo_clip.stat().st_size // 2])
    done = run("run", "--source", half, "--sink", "stdout", "--until-end")
    windows = windows_of(done.stdout)
    check(windows)
    assert sum(window["people"] for window in windows) == 1
    assert done.returncode == 3
    assert "half.avi" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both_children_with_the_last_window_counted(demo_clip, number):
    """Whoever is in view at that moment is in the last line; nothing stays behind."""
    process = start(
        "run", "--source", demo_clip, "--set", "source.realtime=true", "--sink", "stdout",
        "--window-s", 3600,
    )  # fmt: skip
    children = wait_for(lambda: len(found := children_of(process)) == 2 and found, "children")
    wait_for(lambda: _ticks(children["vision"]) > 60, "vision at work")
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=5)  # the figure stands in view by now
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    windows = windows_of(out)
    check(windows)
    assert sum(window["people"] for window in windows) == 1
    assert not any(map(alive, children.values()))


def _ticks(number):
    """Processor time of a process so far, in clock ticks."""
    stat = Path(f"/proc/{number}/stat").read_text()
    return sum(map(int, stat.rsplit(")", 1)[1].split()[11:13]))


def test_a_killed_child_is_started_again_and_numbers_go_on(demo_clip, tmp_path):
    """kill -9 on vision: a new one takes over, the sequence has no gap and no repeat."""
    process = start(
        "run", "--source", demo_clip, "--set", "source.realtime=true", "--sink", "stdout",
        "--window-s", 1, "--state-dir", tmp_path, "--set", f"paths.runtime={tmp_path}",
    )  # fmt: skip
    lines = [process.stdout.readline() for _ in range(3)]
    first = children_of(process)["vision"]
    os.kill(first, signal.SIGKILL)
    lines += [process.stdout.readline() for _ in range(4)]
    assert children_of(process)["vision"] != first
    process.terminate()
    out, _ = process.communicate(timeout=30)
    windows = windows_of("".join(lines) + out)
    check(windows)
    assert len({window["boot"] for window in windows}) == 2


def test_a_child_that_cannot_live_ends_the_run(demo_clip, tmp_path):
    """Vision crashing at every start is tried again a few times, then told, with status 1."""
    (tmp_path / "cv2.py").write_text("raise RuntimeError('a broken installation')")
    done = run(
        "run", "--source", demo_clip, "--sink", "stdout", "--until-end",
        environment={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "vision ended 3 times in a row; giving up" in done.stderr


def test_two_runs_on_one_folder_are_refused(demo_clip, tmp_path):
    """Two visions would count everybody twice, two publishers take each other's windows."""
    place = ("--source", demo_clip, "--set", "source.realtime=true", "--state-dir", tmp_path)
    first = start("run", *place, "--sink", "stdout", "--set", f"paths.runtime={tmp_path}/one")
    wait_for(lambda: len(children_of(first)) == 2, "the first run")
    wait_for((tmp_path / "one" / "vision.sock").exists, "its vision")
    for runtime in ("one", "two"):
        second = run(
            "run", *place, "--sink", "stdout", "--set", f"paths.runtime={tmp_path}/{runtime}"
        )
        assert second.returncode == 2, second.stderr
        said = ("another vision", "another publisher", "a running process")
        assert any(words in second.stderr for words in said), second.stderr
    assert len(children_of(first)) == 2
    first.terminate()
    assert first.communicate(timeout=30) and first.returncode == 0


def test_windows_that_the_disk_refuses_to_the_end_are_told(demo_clip):
    """Their loss is no success."""
    done = run("run", "--source", demo_clip, "--sink", "stdout", "--until-end",
               "--state-dir", "/proc/self/fdinfo")  # fmt: skip
    assert done.returncode == 6
    assert "windows could not be stored and are lost" in done.stderr


def test_children_die_with_a_killed_supervisor(demo_clip):
    """kill -9 on the supervisor leaves nobody behind to hold the camera."""
    process = start("run", "--source", demo_clip, "--set", "source.realtime=true", "--sink",
                    "stdout")  # fmt: skip
    children = wait_for(lambda: len(found := children_of(process)) == 2 and found, "children")
    process.kill()
    process.communicate(timeout=10)
    wait_for(lambda: not any(map(alive, children.values())), "children gone")


def test_a_reader_that_leaves_is_no_error(demo_clip):
    """`run … | head -1` ends quietly."""
    process = start("run", "--source", demo_clip, "--sink", "stdout", "--until-end",
                    "--window-s", 1)  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) in (0, 141)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell")
def test_help_shows_examples_and_statuses():
    """A newcomer finds the demo, an example and what the statuses mean."""
    text = run("--help").stdout
    for expected in ("agender-edge demo", "--sink stdout --until-end", "exit status"):
        assert expected in text


@pytest.mark.parametrize("what", ["show", "schema"])
def test_an_output_that_cannot_be_written_is_said_in_one_sentence(what):
    """A full disk behind standard output: status 1, no traceback."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = start("config", what, stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err == "agender-edge: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--set", "detector.model=fra"), "the presets that can be had are near, far"),
        (("--set", "detector.model=mtcnn"), "agender-convert detector mtcnn-pnet --out"),
        (("--set", 'estimator.models=["agender_65"]'), "there is no model 'agender_65'"),
        (("--set", 'estimator.models=["blazeface_short_128"]'), "is made to detect, not to estim"),
        (("--set", "detector.model=agender_64"), "not to detect"),
        (("--models-dir", "/nowhere"), "set paths.models to the folder they lie in"),
    ],
)
def test_a_check_of_the_configuration_looks_for_its_models_too(arguments, sentence):
    """The names that can be had, and how to get what is not there; status 4 as at the start."""
    done = run("config", "check", *arguments)
    assert done.returncode == 4
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert run("config", "check").stdout.startswith(
        "the configuration is right, and its models are there; "
    )
